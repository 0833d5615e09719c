import * as tf from "@tensorflow/tfjs";
import { explicitPad, type Pad } from "./conv-geometry.ts";
import { type KernelCall, Scope } from "./scope.ts";

/**
 * MaxPoolGrad: dy [batch, h', w', channels], input [batch, h, w, channels] → dx of the input's shape: each value of dy to
 * the largest value of its window, the first of equals. The backend's own loses it where no value of a window is above 0.
 */
export function maxPoolGradient({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
	const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
	const windows = poolWindows("maxPool gradient", input, dy, attrs);
	using scope = new Scope(backend);
	const dx = scope.empty(input.shape);
	const [source, values, target] = [scope.view(dy), scope.view(input), scope.view(dx)];
	target.fill(0);
	const { channels } = windows;
	visit(windows, (output, { top, bottom, left, right, image, width }) => {
		for (let channel = 0; channel < channels; channel += 1) {
			let most = Number.NEGATIVE_INFINITY;
			let at = -1;
			for (let u = top; u < bottom; u += windows.dilation[0]) {
				for (let v = left; v < right; v += windows.dilation[1]) {
					const position = ((image + u) * width + v) * channels + channel;
					const value = values[position] as number;
					if (value > most || at < 0) [most, at] = [value, position];
				}
			}
			if (at >= 0) target[at] = (target[at] as number) + (source[output + channel] as number);
		}
	});
	return scope.keep(dx);
}

/**
 * AvgPoolGrad: dy [batch, h', w', channels], input [batch, h, w, channels] → dx of the input's shape: each value of dy in
 * equal parts to the pixels of its window, padding left out, as the forward pass averages. (tfjs's own kernels divide by
 * the whole window on every engine but TensorFlow.)
 */
export function avgPoolGradient({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
	const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
	const windows = poolWindows("avgPool gradient", input, dy, attrs);
	using scope = new Scope(backend);
	const dx = scope.empty(input.shape);
	const [source, target] = [scope.view(dy), scope.view(dx)];
	target.fill(0);
	const { channels } = windows;
	visit(windows, (output, { top, bottom, left, right, image, width }) => {
		const share = 1 / ((bottom - top) * (right - left));
		for (let u = top; u < bottom; u += 1) {
			const row = ((image + u) * width + left) * channels;
			for (let pixel = row; pixel < row + (right - left) * channels; pixel += channels) {
				for (let channel = 0; channel < channels; channel += 1) {
					const to = pixel + channel;
					target[to] = (target[to] as number) + (source[output + channel] as number) * share;
				}
			}
		}
	});
	return scope.keep(dx);
}

interface Windows {
	readonly batch: number;
	readonly channels: number;
	readonly size: readonly [number, number];
	readonly output: readonly [number, number];
	readonly stride: readonly [number, number];
	readonly dilation: readonly [number, number];
	/** From the first row or column of a window to behind its last. */
	readonly extent: readonly [number, number];
	readonly pad: readonly [number, number];
}

/** The part of a window that lies in the picture: rows top ≤ u < bottom, columns left ≤ v < right, in steps of the dilation. */
interface Part {
	readonly top: number;
	readonly bottom: number;
	readonly left: number;
	readonly right: number;
	/** The number of rows of the pictures before. */
	readonly image: number;
	readonly width: number;
}

function poolWindows(where: string, input: tf.TensorInfo, dy: tf.TensorInfo, attrs: tf.NamedAttrMap): Windows {
	const info = tf.backend_util.computePool2DInfo(
		input.shape as [number, number, number, number],
		attrs["filterSize"] as [number, number],
		attrs["strides"] as [number, number],
		(attrs["dilations"] as [number, number] | undefined) ?? 1,
		explicitPad(attrs["pad"] as Pad),
		attrs["dimRoundingMode"] as "floor" | undefined,
	);
	if (String(dy.shape) !== String(info.outShape)) {
		throw new RangeError(`${where}: dy must have shape [${info.outShape}], got [${dy.shape}]`);
	}
	return {
		batch: info.batchSize,
		channels: info.inChannels,
		size: [info.inHeight, info.inWidth],
		output: [info.outHeight, info.outWidth],
		stride: [info.strideHeight, info.strideWidth],
		dilation: [info.dilationHeight, info.dilationWidth],
		extent: [info.effectiveFilterHeight, info.effectiveFilterWidth],
		pad: [info.padInfo.top, info.padInfo.left],
	};
}

/** Calls `each` with where the channels of every output pixel start, and its window. */
function visit(windows: Windows, each: (output: number, part: Part) => void): void {
	const { batch, channels, size, output } = windows;
	let at = 0;
	for (let image = 0; image < batch; image += 1) {
		for (let i = 0; i < output[0]; i += 1) {
			const [top, bottom] = span(windows, 0, i);
			for (let j = 0; j < output[1]; j += 1) {
				const [left, right] = span(windows, 1, j);
				each(at, { top, bottom, left, right, image: image * size[0], width: size[1] });
				at += channels;
			}
		}
	}
}

/** Where a window starts in the picture, and behind where it ends. */
function span({ size, stride, dilation, extent, pad }: Windows, axis: 0 | 1, index: number): [number, number] {
	const start = index * stride[axis] - pad[axis];
	const skipped = start < 0 ? Math.ceil(-start / dilation[axis]) * dilation[axis] : 0;
	return [start + skipped, Math.min(size[axis], start + extent[axis])];
}
