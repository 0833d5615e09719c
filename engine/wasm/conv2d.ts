import type * as tf from "@tensorflow/tfjs";
import { convGeometry, type Geometry, meetings } from "./conv-geometry.ts";
import { gemm, transposeInto } from "./gemm.ts";
import { type KernelCall, Scope } from "./scope.ts";
import { fitsWinograd, winograd } from "./winograd.ts";

/**
 * Conv2D: x [batch, h, w, in], filter [kh, kw, in, out] → [batch, h', w', out], by the backend's own kernel, `original`.
 *
 * That one computes eight output channels at a time, used or not: of few channels, several neighbouring pixels are
 * computed as if they were channels. It takes long to pack a large filter: where few pixels would pay for that, the
 * filter is multiplied as it lies. And it sizes the width by the filter's height where the padding is one number: the
 * padding is written out. Wide 3 × 3 filters take Winograd's form.
 */
export function conv2d(original: tf.KernelFunc): (call: KernelCall) => tf.TensorInfo {
	return ({ inputs, attrs, backend }) => {
		const { x, filter } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo };
		const geometry = convGeometry("conv2d", x.shape, filter.shape, attrs);
		const { outputShape, outChannels, rows, columns } = geometry;
		using scope = new Scope(backend);
		const pixels = geometry.batch * rows.output * columns.output;
		if (pixels < outChannels / 2 && filter.shape.reduce((size, length) => size * length, 1) > 2 ** 16) {
			return scope.keep(gather(scope, backend, x, filter, geometry), outputShape);
		}
		if (fitsWinograd(geometry)) return winograd(backend, x, filter, geometry);
		const together = neighbours(geometry);
		const wide = together === 1 ? filter : widen(scope, filter, geometry, together);
		const result = original({
			inputs: { x, filter: wide },
			attrs: {
				strides: [rows.stride, columns.stride * together],
				dilations: [rows.dilation, columns.dilation],
				pad: [[0, 0], geometry.pads[0], geometry.pads[1], [0, 0]],
				dataFormat: "NHWC",
			},
			backend,
		}) as tf.TensorInfo;
		result.shape = [...outputShape];
		return result;
	};
}

/** How many neighbouring pixels to compute as one, for the least work: products for each pixel, in eights of channels. */
function neighbours({ columns, outChannels }: Geometry): number {
	const work = (count: number) =>
		(Math.ceil((outChannels * count) / 8) * (columns.kernel + (count - 1) * columns.stride)) / count;
	let best = 1;
	if (columns.dilation > 1) return best;
	for (let count = 2; count <= 8; count += 1) {
		if (columns.output % count === 0 && work(count) < 0.85 * work(best)) best = count;
	}
	return best;
}

/** The filter [kh, kw + (count − 1) · stride, in, count · out] that gives `count` pixels side by side. */
function widen(
	scope: Scope,
	filter: tf.TensorInfo,
	{ rows, columns, inChannels, outChannels }: Geometry,
	count: number,
): tf.TensorInfo {
	const width = columns.kernel + (count - 1) * columns.stride;
	const wide = scope.empty([rows.kernel, width, inChannels, count * outChannels]);
	const [source, target] = [scope.view(filter), scope.view(wide)];
	target.fill(0);
	for (let row = 0; row < rows.kernel; row += 1) {
		for (let pixel = 0; pixel < count; pixel += 1) {
			const left = row * width + pixel * columns.stride;
			let from = row * columns.kernel * inChannels * outChannels;
			for (let pair = left * inChannels; pair < (left + columns.kernel) * inChannels; pair += 1) {
				for (let channel = 0; channel < outChannels; channel += 1) {
					target[(pair * count + pixel) * outChannels + channel] = source[from] as number;
					from += 1;
				}
			}
		}
	}
	return wide;
}

/** The turned filter [out, kh · kw · in] times what each pixel meets [kh · kw · in, pixels], turned back. */
function gather(
	scope: Scope,
	backend: KernelCall["backend"],
	x: tf.TensorInfo,
	filter: tf.TensorInfo,
	geometry: Geometry,
): tf.TensorInfo {
	const { batch, rows, columns, inChannels, outChannels } = geometry;
	const pixels = batch * rows.output * columns.output;
	const depth = rows.kernel * columns.kernel * inChannels;
	const turned = scope.empty([outChannels, depth]);
	const met = scope.empty([depth, pixels]);
	const product = scope.empty([outChannels, pixels]);
	const result = scope.empty([pixels, outChannels]);
	transposeInto(scope.view(filter), depth, outChannels, scope.view(turned));
	const [source, target] = [scope.view(x), scope.view(met)];
	target.fill(0);
	meetings(geometry, (input, output, tap) => {
		const from = input * inChannels;
		let to = tap * inChannels * pixels + output;
		for (let channel = from; channel < from + inChannels; channel += 1) {
			target[to] = source[channel] as number;
			to += pixels;
		}
	});
	gemm(backend, turned, met, product);
	transposeInto(scope.view(product), outChannels, pixels, scope.view(result));
	return result;
}
