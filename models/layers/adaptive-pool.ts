/** Average pooling to a given size, as PyTorch's AdaptiveAvgPool2d. */
import * as tf from "@tensorflow/tfjs";

/**
 * [N, H, W, C] → [N, size, size, C]. Cell i of an axis of L pixels is the mean of pixels ⌊i·L/size⌋ to ⌈(i + 1)·L/size⌉ − 1:
 * cells may overlap, and repeat where there are fewer pixels than cells.
 */
export function adaptiveAvgPool2d(x: tf.Tensor4D, size: number): tf.Tensor4D {
	const [count, height, width, channels] = x.shape;
	if (height === size && width === size) return x;
	return tf.tidy(() => {
		const rows = tf.matMul(shares(height, size), tf.reshape(x, [count, height, width * channels]));
		const columns = tf.transpose(tf.reshape(rows, [count * size, width, channels]), [0, 2, 1]);
		const pooled = tf.matMul(columns, shares(width, size), false, true);
		return tf.reshape(tf.transpose(pooled, [0, 2, 1]), [count, size, size, channels]);
	});
}

/** Row i holds what each pixel adds to cell i, [1, size, length]. */
function shares(length: number, size: number): tf.Tensor3D {
	const values = new Float32Array(size * length);
	for (let cell = 0; cell < size; cell += 1) {
		const start = Math.floor((cell * length) / size);
		const end = Math.ceil(((cell + 1) * length) / size);
		values.fill(1 / (end - start), cell * length + start, cell * length + end);
	}
	return tf.tensor3d(values, [1, size, length]);
}
