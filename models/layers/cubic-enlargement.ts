/**
 * Enlargement of pictures by the cubic kernel: pixels are squares, four taps an axis. Two matrix products, since the weights are
 * the same for every picture.
 */
import * as tf from "@tensorflow/tfjs";

export interface CubicOptions {
	/** Slope of the kernel at distance 1: OpenCV's is −0.75, MATLAB's and Pillow's −0.5. @default -0.75 */
	readonly a?: number;
	/** Beyond the edge stands the edge pixel (OpenCV) or the picture's mirror image, the edge repeated (MATLAB). @default "clamp" */
	readonly edges?: "clamp" | "mirror";
}

/** [N, H, W, C] → [N, scale·H, scale·W, C]; the defaults are OpenCV's INTER_CUBIC. */
export function enlargeCubic(
	x: tf.Tensor4D,
	scale: number,
	{ a = -0.75, edges = "clamp" }: CubicOptions = {},
): tf.Tensor4D {
	const weights = (size: number) => weightsOf(size, scale, a, edges);
	return tf.tidy(() => {
		const [count, height, width, channels] = x.shape;
		const rows = tf.matMul(weights(height), tf.reshape(tf.transpose(x, [1, 0, 2, 3]), [height, -1]));
		const columns = tf.transpose(tf.reshape(rows, [height * scale, count, width, channels]), [2, 1, 0, 3]);
		const wide = tf.matMul(weights(width), tf.reshape(columns, [width, -1]));
		return tf.transpose(tf.reshape(wide, [width * scale, count, height * scale, channels]), [1, 2, 0, 3]);
	});
}

/** [size · scale, size]: the share of each pixel in each of the result. */
function weightsOf(size: number, scale: number, a: number, edges: "clamp" | "mirror"): tf.Tensor2D {
	const values = new Float32Array(size * scale * size);
	for (let at = 0; at < size * scale; at += 1) {
		const place = (at + 0.5) / scale - 0.5;
		const low = Math.floor(place);
		for (let tap = low - 1; tap <= low + 2; tap += 1) {
			const index = at * size + (edges === "clamp" ? Math.min(size - 1, Math.max(0, tap)) : mirrored(tap, size));
			values[index] = (values[index] as number) + cubic(Math.abs(place - tap), a);
		}
	}
	return tf.tensor2d(values, [size * scale, size]);
}

/** Place in 0 … size - 1 of a place beyond. */
function mirrored(place: number, size: number): number {
	const within = ((place % (2 * size)) + 2 * size) % (2 * size);
	return within < size ? within : 2 * size - 1 - within;
}

function cubic(x: number, a: number): number {
	if (x >= 2) return 0;
	return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : (((x - 5) * x + 8) * x - 4) * a;
}
