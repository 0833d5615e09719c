import type * as tf from "@tensorflow/tfjs";
import { type Axis, convGeometry, type Geometry, meetings, requireShape } from "./conv-geometry.ts";
import { gemm, transposeInto } from "./gemm.ts";
import { type KernelCall, Scope } from "./scope.ts";

/**
 * Conv2DBackpropInput: dy [batch, h', w', out], filter [kh, kw, in, out] → dx [batch, h, w, in].
 *
 * With stride 1, dx is the convolution of dy with the filter turned by 180° and its channels exchanged. With stride s,
 * rows u ≡ r (mod s) of dx meet only every s-th tap, so each of the s² phases is such a convolution with a part of the
 * filter, and no product with an inserted zero is computed. This is also the transposed convolution.
 */
export function conv2dInputGradient({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
	const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
	const geometry = convGeometry("conv2d input gradient", attrs["inputShape"] as number[], filter.shape, attrs);
	const { batch, inChannels, rows, columns } = geometry;
	requireShape("conv2d input gradient", geometry, dy);
	using scope = new Scope(backend);
	// The backend takes long to pack a filter. Where few pixels would pay for that, the filter is multiplied as it lies.
	const pixels = (dy.shape[0] as number) * rows.output * columns.output;
	if (pixels < 2 * geometry.outChannels) return scope.keep(scatter(scope, backend, dy, filter, geometry));
	const exchanged = scope.call("Transpose", { x: filter }, { perm: [0, 1, 3, 2] });
	if (rows.stride === 1 && columns.stride === 1) {
		return scope.keep(phaseGradient(scope, dy, exchanged, geometry, phase(rows, 0), phase(columns, 0)));
	}
	const parts: { gradient: tf.TensorInfo; row: Phase; column: Phase }[] = [];
	for (let row = 0; row < Math.min(rows.stride, rows.input); row += 1) {
		for (let column = 0; column < Math.min(columns.stride, columns.input); column += 1) {
			const one = { row: phase(rows, row), column: phase(columns, column) };
			if (one.row.taps === 0 || one.column.taps === 0) continue;
			parts.push({ ...one, gradient: phaseGradient(scope, dy, exchanged, geometry, one.row, one.column) });
		}
	}
	const dx = scope.empty(geometry.inputShape);
	const target = scope.view(dx);
	if (parts.length < rows.stride * columns.stride) target.fill(0);
	for (const { gradient, row, column } of parts) {
		const source = scope.view(gradient);
		let from = 0;
		for (let image = 0; image < batch; image += 1) {
			for (let u = row.first; u < rows.input; u += rows.stride) {
				const start = (image * rows.input + u) * columns.input;
				for (let v = column.first; v < columns.input; v += columns.stride) {
					const to = (start + v) * inChannels;
					for (let channel = 0; channel < inChannels; channel += 1) {
						target[to + channel] = source[from + channel] as number;
					}
					from += inChannels;
				}
			}
		}
	}
	return scope.keep(dx);
}

/** dx as the products of every tap with every pixel of dy, [kh · kw · in, pixels], each added where it belongs. */
function scatter(
	scope: Scope,
	backend: KernelCall["backend"],
	dy: tf.TensorInfo,
	filter: tf.TensorInfo,
	{ batch, inChannels, outChannels, rows, columns, inputShape }: Geometry,
): tf.TensorInfo {
	const pixels = batch * rows.output * columns.output;
	const taps = rows.kernel * columns.kernel;
	const turned = scope.empty([outChannels, pixels]);
	const products = scope.empty([taps * inChannels, pixels]);
	const dx = scope.empty(inputShape);
	transposeInto(scope.view(dy), pixels, outChannels, scope.view(turned));
	gemm(backend, scope.window(filter, [taps * inChannels, outChannels]), turned, products);
	const [source, target] = [scope.view(products), scope.view(dx)];
	target.fill(0);
	meetings({ batch, rows, columns }, (input, output, tap) => {
		const to = input * inChannels;
		let from = tap * inChannels * pixels + output;
		for (let channel = to; channel < to + inChannels; channel += 1) {
			target[channel] = (target[channel] as number) + (source[from] as number);
			from += pixels;
		}
	});
	return dx;
}

/** The rows u = first + stride·m of an axis, m < length, and the taps a = tap + step·t, t < taps, that reach them. */
interface Phase {
	readonly first: number;
	readonly length: number;
	readonly tap: number;
	readonly step: number;
	readonly taps: number;
	/** u = first + stride·m meets output row i = m + offset − t·dilation. */
	readonly offset: number;
	readonly dilation: number;
}

function phase({ input, kernel, stride, dilation, pad }: Axis, first: number): Phase {
	const common = greatestCommonDivisor(stride, dilation);
	const step = stride / common;
	let tap = 0;
	while (tap < step && (first + pad - tap * dilation) % stride !== 0) tap += 1;
	const reached = tap < step && tap < kernel;
	return {
		first,
		length: Math.ceil((input - first) / stride),
		tap,
		step,
		taps: reached ? Math.ceil((kernel - tap) / step) : 0,
		offset: (first + pad - tap * dilation) / stride,
		dilation: dilation / common,
	};
}

/** The part of dx that two phases make: [batch, row.length, column.length, in]. `exchanged` is [kh, kw, out, in]. */
function phaseGradient(
	scope: Scope,
	dy: tf.TensorInfo,
	exchanged: tf.TensorInfo,
	{ rows, columns, inChannels, outChannels }: Geometry,
	row: Phase,
	column: Phase,
): tf.TensorInfo {
	const part = scope.empty([row.taps, column.taps, outChannels, inChannels]);
	const source = scope.view(exchanged);
	const target = scope.view(part);
	const block = outChannels * inChannels;
	for (let y = 0; y < row.taps; y += 1) {
		for (let x = 0; x < column.taps; x += 1) {
			const a = row.tap + row.step * (row.taps - 1 - y);
			const b = column.tap + column.step * (column.taps - 1 - x);
			const from = (a * columns.kernel + b) * block;
			target.set(source.subarray(from, from + block), (y * column.taps + x) * block);
		}
	}
	const [y, x] = [around(row, rows.output), around(column, columns.output)];
	return convolve(scope, dy, part, y, x, { strides: [1, 1], dilations: [row.dilation, column.dilation] });
}

/** Zeros before and after the output rows, so that a convolution with the turned taps gives the phase's rows. */
function around({ taps, dilation, offset, length }: Phase, output: number): readonly [number, number] {
	const reach = (taps - 1) * dilation;
	const before = reach - offset;
	return [before, length + reach - output - before];
}

/** A convolution whose pads may be negative: those cut rows off. Where nothing is left it is zero. */
function convolve(
	scope: Scope,
	x: tf.TensorInfo,
	filter: tf.TensorInfo,
	rows: readonly [number, number],
	columns: readonly [number, number],
	{ strides, dilations }: { readonly strides: [number, number]; readonly dilations: [number, number] },
): tf.TensorInfo {
	const [batch, height, width, channels] = x.shape as [number, number, number, number];
	const [top, bottom, left, right] = [...rows, ...columns].map((zeros) => Math.max(0, -zeros)) as [
		number,
		number,
		number,
		number,
	];
	const size = [batch, height - top - bottom, width - left - right, channels];
	const pad = [[0, 0], rows.map((zeros) => Math.max(0, zeros)), columns.map((zeros) => Math.max(0, zeros)), [0, 0]];
	const attrs = { strides, dilations, pad, dataFormat: "NHWC" };
	if (size.some((length) => length <= 0)) {
		const zero = scope.empty(
			convGeometry("conv2d", x.shape, filter.shape, { ...attrs, pad: [[0, 0], rows, columns, [0, 0]] }).outputShape,
		);
		scope.view(zero).fill(0);
		return zero;
	}
	const kept = top + bottom + left + right === 0 ? x : scope.call("Slice", { x }, { begin: [0, top, left, 0], size });
	return scope.call("Conv2D", { x: kept, filter }, attrs);
}

function greatestCommonDivisor(a: number, b: number): number {
	return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
