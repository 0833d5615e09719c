/**
 * Enlargement of pictures by the cubic kernel with a = −0.75 (OpenCV's INTER_CUBIC): pixels are squares, four taps an axis, the
 * edge pixel stands beyond the edge. Two matrix products, since the weights are the same for every picture.
 */
import * as tf from "@tensorflow/tfjs";

const a = -0.75;

/** [N, H, W, C] → [N, scale·H, scale·W, C]. */
export function enlargeCubic(x: tf.Tensor4D, scale: number): tf.Tensor4D {
	return tf.tidy(() => {
		const [count, height, width, channels] = x.shape;
		const rows = tf.matMul(weights(height, scale), tf.reshape(tf.transpose(x, [1, 0, 2, 3]), [height, -1]));
		const columns = tf.transpose(tf.reshape(rows, [height * scale, count, width, channels]), [2, 1, 0, 3]);
		const wide = tf.matMul(weights(width, scale), tf.reshape(columns, [width, -1]));
		return tf.transpose(tf.reshape(wide, [width * scale, count, height * scale, channels]), [1, 2, 0, 3]);
	});
}

/** [size · scale, size]: the share of each pixel in each of the result. */
function weights(size: number, scale: number): tf.Tensor2D {
	const values = new Float32Array(size * scale * size);
	for (let at = 0; at < size * scale; at += 1) {
		const place = (at + 0.5) / scale - 0.5;
		const low = Math.floor(place);
		for (let tap = low - 1; tap <= low + 2; tap += 1) {
			const index = at * size + Math.min(size - 1, Math.max(0, tap));
			values[index] = (values[index] as number) + cubic(Math.abs(place - tap));
		}
	}
	return tf.tensor2d(values, [size * scale, size]);
}

function cubic(x: number): number {
	if (x >= 2) return 0;
	return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : (((x - 5) * x + 8) * x - 4) * a;
}
