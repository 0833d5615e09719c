import type * as tf from "@tensorflow/tfjs";
import { type Axis, convGeometry, requireShape } from "./conv-geometry.ts";
import { gemm, transposeInto } from "./gemm.ts";
import { lattice, planes, spread, unrolled } from "./planes.ts";
import { type KernelCall, Scope } from "./scope.ts";

/**
 * Conv2DBackpropFilter: x [batch, h, w, in], dy [batch, h', w', out] → dw [kh, kw, in, out].
 *
 * dw[a, b] is the matrix product of x, seen from tap (a, b), with dy. With x laid out in planes, one for each channel,
 * every tap sees it at another distance from the start, so that nothing is copied for a tap, and dy, packed once by the
 * backend, serves all of them. Where it costs less, x and dy change places: dy shifted against x.
 */
export function conv2dFilterGradient({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
	const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
	const where = "conv2d filter gradient";
	const filterShape = attrs["filterShape"] as [number, number, number, number];
	const geometry = convGeometry(where, x.shape, filterShape, attrs);
	requireShape(where, geometry, dy);
	const { rows, columns, inChannels, outChannels } = geometry;
	using scope = new Scope(backend);
	const taps = rows.kernel * columns.kernel;
	const unitStride = rows.stride === 1 && columns.stride === 1;
	if (!unitStride || cost(taps, inChannels, outChannels) <= cost(taps, outChannels, inChannels)) {
		return scope.keep(correlate(scope, backend, x, dy, rows, columns), filterShape);
	}
	const turned = correlate(scope, backend, dy, x, turn(rows), turn(columns));
	const gradient = scope.empty(filterShape);
	const [source, target] = [scope.view(turned), scope.view(gradient)];
	const block = inChannels * outChannels;
	for (let tap = 0; tap < taps; tap += 1) {
		const from = source.subarray((taps - 1 - tap) * block, (taps - tap) * block);
		transposeInto(from, outChannels, inChannels, target.subarray(tap * block, (tap + 1) * block));
	}
	return scope.keep(gradient);
}

/**
 * Work for each pixel, in multiply-adds: the products, of which the backend makes eight in a row, then laying out one
 * side in planes and packing the other, which were measured to take as long as about 30 and 80 of them.
 */
function cost(taps: number, channels: number, others: number): number {
	return taps * channels * Math.ceil(others / 8) * 8 + 30 * channels + 80 * others;
}

/** The same convolution's axis with input and output exchanged, taps in reverse order. Stride 1 only. */
function turn({ input, output, kernel, dilation, pad }: Axis): Axis {
	return { input: output, output: input, kernel, stride: 1, dilation, pad: (kernel - 1) * dilation - pad };
}

/** result[a, b, c, o] = Σ x[n, i·stride + a·dilation − pad, …, c] · dy[n, i, j, o], as [kh · kw · c, o]. */
function correlate(
	scope: Scope,
	backend: KernelCall["backend"],
	x: tf.TensorInfo,
	dy: tf.TensorInfo,
	rows: Axis,
	columns: Axis,
): tf.TensorInfo {
	const [channels, others] = [x.shape[3] as number, dy.shape[3] as number];
	const sum = scope.empty([rows.kernel * columns.kernel * channels, others]);
	for (const [index, { images, first, count }] of parts(dy.shape).entries()) {
		using inner = new Scope(backend);
		const xSize = rows.input * columns.input * channels;
		const dySize = columns.output * others;
		const part = correlatePart(
			inner,
			backend,
			inner.window(x, [images.count, rows.input, columns.input, channels], images.first * xSize),
			inner.window(dy, [images.count, count, columns.output, others], (images.first * rows.output + first) * dySize),
			{ ...rows, output: count, pad: rows.pad - first * rows.stride },
			columns,
			index === 0 ? inner.window(sum, sum.shape) : inner.empty(sum.shape),
		);
		if (index === 0) continue;
		const [source, target] = [scope.view(part), scope.view(sum)];
		for (let at = 0; at < target.length; at += 1) target[at] = (target[at] as number) + (source[at] as number);
	}
	return sum;
}

/**
 * Images, or rows of one image, few enough for their values to stay in the cache while they are packed and read once for
 * each tap: half a megabyte of dy, but no fewer than 256 pixels.
 */
function parts(shape: readonly number[]) {
	const [batch, height, width, channels] = shape as [number, number, number, number];
	const pixels = Math.max(256, 2 ** 17 / channels);
	const images = Math.max(1, Math.min(batch, Math.floor(pixels / (height * width))));
	const rows = Math.max(1, Math.min(height, Math.floor(pixels / width)));
	const result: { images: { first: number; count: number }; first: number; count: number }[] = [];
	for (let image = 0; image < batch; image += images) {
		const some = { first: image, count: Math.min(images, batch - image) };
		for (let row = 0; row < height; row += images > 1 ? height : rows) {
			result.push({ images: some, first: row, count: images > 1 ? height : Math.min(rows, height - row) });
		}
	}
	return result;
}

function correlatePart(
	scope: Scope,
	backend: KernelCall["backend"],
	x: tf.TensorInfo,
	dy: tf.TensorInfo,
	rows: Axis,
	columns: Axis,
	result: tf.TensorInfo,
): tf.TensorInfo {
	const [channels, others] = [x.shape[3] as number, dy.shape[3] as number];
	// With few channels all taps of a filter row make one product: the backend computes four rows of it at a time.
	const together = columns.kernel * channels <= 64;
	const [down, across] = [lattice(rows), together ? unrolled(columns) : lattice(columns)];
	const source = planes(scope, x, [rows, down], [columns, across]);
	const right = spread(scope, dy, down, across);
	const plane = right.shape[0] as number;
	const height = together ? columns.kernel * channels : channels;
	let start = 0;
	for (const vertical of down.taps) {
		for (const horizontal of together ? across.taps.slice(0, 1) : across.taps) {
			const phase = vertical.phase * across.phases.length + horizontal.phase;
			const from = phase * channels * plane + vertical.shift * across.size + horizontal.shift;
			const left = scope.window(source, [height, plane], from);
			gemm(backend, left, right, scope.window(result, [height, others], start));
			start += height * others;
		}
	}
	return result;
}
