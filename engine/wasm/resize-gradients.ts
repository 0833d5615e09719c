import type * as tf from "@tensorflow/tfjs";
import { type KernelCall, Scope } from "./scope.ts";

/** How one axis is resized. */
interface Rule {
	readonly alignCorners: boolean;
	readonly halfPixelCenters: boolean;
}

/** For one output row or column: the input's two neighbours and how much each counts. */
interface Mix {
	readonly lower: number;
	readonly upper: number;
	/** Share of the upper one. */
	readonly share: number;
}

/**
 * ResizeBilinearGrad: images [batch, h, w, channels], dy [batch, h', w', channels] → dx of the images' shape: every value
 * of dy to the four pixels it was mixed from, by their shares. The backend's own knows no half-pixel centres.
 */
export function resizeBilinearGradient(call: KernelCall): tf.TensorInfo {
	return resizeGradient(call, (output, input, rule) => {
		const at = position(output, input, rule);
		const lower = Math.max(0, Math.floor(at));
		return { lower, upper: Math.min(input.length - 1, Math.ceil(at)), share: at - lower };
	});
}

/** ResizeNearestNeighborGrad: as above, to the one pixel it was copied from. */
export function resizeNearestGradient(call: KernelCall): tf.TensorInfo {
	return resizeGradient(call, (output, input, rule) => {
		const shifted = position(output, input, rule) + (rule.halfPixelCenters ? 0.5 : 0);
		const nearest = rule.alignCorners ? Math.round(shifted) : Math.floor(shifted);
		const lower = Math.max(0, Math.min(input.length - 1, nearest));
		return { lower, upper: lower, share: 0 };
	});
}

interface Length {
	readonly length: number;
	readonly resized: number;
}

/** Where output row `index` lies between the rows of the input. */
function position(index: number, { length, resized }: Length, { alignCorners, halfPixelCenters }: Rule): number {
	const scale = alignCorners && resized > 1 ? (length - 1) / (resized - 1) : length / resized;
	// The forward pass computes in float32; which pixel is nearest depends on that.
	const step = Math.fround(scale);
	return halfPixelCenters ? Math.fround(Math.fround(step * Math.fround(index + 0.5)) - 0.5) : Math.fround(step * index);
}

function resizeGradient(
	{ inputs, attrs, backend }: KernelCall,
	mix: (index: number, input: Length, rule: Rule) => Mix,
): tf.TensorInfo {
	const { images, dy } = inputs as { images: tf.TensorInfo; dy: tf.TensorInfo };
	const rule = { alignCorners: attrs["alignCorners"] === true, halfPixelCenters: attrs["halfPixelCenters"] === true };
	const [batch, height, width, channels] = images.shape as [number, number, number, number];
	const [, rows, columns] = dy.shape as [number, number, number, number];
	const vertical = Array.from({ length: rows }, (_, row) => mix(row, { length: height, resized: rows }, rule));
	const across = Array.from({ length: columns }, (_, at) => mix(at, { length: width, resized: columns }, rule));
	using scope = new Scope(backend);
	const dx = scope.empty(images.shape);
	const [source, target] = [scope.view(dy), scope.view(dx)];
	target.fill(0);
	const give = (u: number, v: number, from: number, share: number) => {
		if (share === 0) return;
		const to = (u * width + v) * channels;
		for (let channel = 0; channel < channels; channel += 1) {
			target[to + channel] = (target[to + channel] as number) + (source[from + channel] as number) * share;
		}
	};
	let from = 0;
	for (let image = 0; image < batch; image += 1) {
		for (const row of vertical) {
			const [above, below] = [image * height + row.lower, image * height + row.upper];
			for (const column of across) {
				give(above, column.lower, from, (1 - row.share) * (1 - column.share));
				give(above, column.upper, from, (1 - row.share) * column.share);
				give(below, column.lower, from, row.share * (1 - column.share));
				give(below, column.upper, from, row.share * column.share);
				from += channels;
			}
		}
	}
	return scope.keep(dx);
}
