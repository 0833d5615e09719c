import type * as tf from "@tensorflow/tfjs";

/**
 * Channels to pixels in PyTorch's order: x [N, H, W, C·f²] → [N, H·f, W·f, C],
 * y[n, f·h + i, f·w + j, c] = x[n, h, w, f²·c + f·i + j]. Differentiable to any order.
 */
export function pixelShuffle(x: tf.Tensor4D, factor: number): tf.Tensor4D {
	const { batch, height, width, channels } = split("pixelShuffle", x, factor);
	return x
		.reshape([batch * height, width, channels, factor, factor])
		.transpose([0, 3, 1, 4, 2])
		.reshape([batch, height * factor, width * factor, channels]);
}

/**
 * Channels to pixels in TensorFlow's order: y[n, f·h + i, f·w + j, c] = x[n, h, w, (f·i + j)·C + c]. The same as
 * `pixelShuffle` up to a permutation of the input's channels. Differentiable to any order.
 */
export function depthToSpace(x: tf.Tensor4D, factor: number): tf.Tensor4D {
	const { batch, height, width, channels } = split("depthToSpace", x, factor);
	return x
		.reshape([batch * height, width, factor, factor * channels])
		.transpose([0, 2, 1, 3])
		.reshape([batch, height * factor, width * factor, channels]);
}

function split(where: string, x: tf.Tensor4D, factor: number) {
	const [batch, height, width, depth] = x.shape;
	const channels = depth / factor ** 2;
	if (!Number.isInteger(channels)) {
		throw new RangeError(`${where}: channels must be a multiple of ${factor}², got ${depth}`);
	}
	return { batch, height, width, channels };
}
