import type * as tf from "@tensorflow/tfjs";
import type { Axis } from "./conv-geometry.ts";
import type { Scope } from "./scope.ts";

/**
 * One axis laid out so that every tap of a convolution reads its inputs at a fixed distance from where its output lies.
 *
 * Output i meets input row i·stride + a·dilation of the padded input at tap a. Rows with the same remainder by the stride
 * form a phase; within it tap a is `shift` rows further than the output. Output and phase are both laid out in rows of
 * `size`, the output followed by zeros, so the distance is the same for all of them.
 */
export interface Lattice {
	readonly size: number;
	/** Phase p holds the rows that meet output i at i·stride + p of the padded input. */
	readonly phases: readonly number[];
	/** For each tap, the index of its phase and how far it is from its output. */
	readonly taps: readonly { readonly phase: number; readonly shift: number }[];
	readonly reach: number;
}

export function lattice(axis: Axis): Lattice {
	const { output, kernel, stride, dilation } = axis;
	const phases: number[] = [];
	const taps = Array.from({ length: kernel }, (_, tap) => {
		const remainder = (tap * dilation) % stride;
		if (!phases.includes(remainder)) phases.push(remainder);
		return { phase: phases.indexOf(remainder), shift: Math.floor((tap * dilation) / stride) };
	});
	const reach = Math.max(...taps.map(({ shift }) => shift));
	const length = output + reach;
	// Zeros after a row may be the zeros before the next one: they need to be there once.
	const zeros = phases.flatMap((phase) => {
		const { first, last } = covered(axis, phase, length);
		return [first, Math.max(0, length - 1 - last)];
	});
	return { size: length - Math.min(reach, ...zeros), phases, taps, reach };
}

/** A lattice with a phase of its own for every tap: more copies, but no zeros between, and neighbouring taps lie together. */
export function unrolled({ output, kernel, dilation }: Axis): Lattice {
	const phases = Array.from({ length: kernel }, (_, tap) => tap * dilation);
	return { size: output, phases, taps: phases.map((_, phase) => ({ phase, shift: 0 })), reach: 0 };
}

/** The first and last rows of a phase that hold input. */
function covered({ input, stride, pad }: Pick<Axis, "input" | "stride" | "pad">, phase: number, length: number) {
	return {
		first: Math.max(0, Math.ceil((pad - phase) / stride)),
		last: Math.min(length - 1, Math.floor((input - 1 + pad - phase) / stride)),
	};
}

/**
 * x [batch, height, width, channels] as planes [phase of rows][phase of columns][channels][batch · rows.size ·
 * columns.size], zeros where there is padding, with room after the last for the largest shift.
 */
export function planes(
	scope: Scope,
	x: tf.TensorInfo,
	[rows, down]: readonly [Axis, Lattice],
	[columns, across]: readonly [Axis, Lattice],
): tf.TensorInfo {
	const [batch, height, width, channels] = x.shape as [number, number, number, number];
	const plane = batch * down.size * across.size;
	const count = down.phases.length * across.phases.length * channels;
	const result = scope.empty([count * plane + down.reach * across.size + across.reach]);
	const [source, target] = [scope.view(x), scope.view(result)];
	target.fill(0);
	const step = columns.stride * channels;
	for (const [y, rowPhase] of down.phases.entries()) {
		const vertical = covered(rows, rowPhase, rows.output + down.reach);
		for (const [z, columnPhase] of across.phases.entries()) {
			const horizontal = covered(columns, columnPhase, columns.output + across.reach);
			const start = (y * across.phases.length + z) * channels * plane;
			const left = horizontal.first * columns.stride + columnPhase - columns.pad;
			for (let image = 0; image < batch; image += 1) {
				for (let row = vertical.first; row <= vertical.last; row += 1) {
					const u = row * rows.stride + rowPhase - rows.pad;
					const from = ((image * height + u) * width + left) * channels;
					const to = start + (image * down.size + row) * across.size;
					for (let channel = 0; channel < channels; channel += 1) {
						let at = from + channel;
						const end = to + channel * plane + horizontal.last;
						for (let column = to + channel * plane + horizontal.first; column <= end; column += 1) {
							target[column] = source[at] as number;
							at += step;
						}
					}
				}
			}
		}
	}
	return result;
}

/** dy [batch, rows, columns, channels] on the lattice: [batch · down.size · across.size, channels], zeros between. */
export function spread(scope: Scope, dy: tf.TensorInfo, down: Lattice, across: Lattice): tf.TensorInfo {
	const [batch, height, width, channels] = dy.shape as [number, number, number, number];
	const shape = [batch * down.size * across.size, channels];
	if (down.size === height && across.size === width) return scope.window(dy, shape);
	const result = scope.empty(shape);
	const [source, target] = [scope.view(dy), scope.view(result)];
	const row = width * channels;
	const gap = across.size * channels;
	let to = 0;
	for (let image = 0; image < batch; image += 1) {
		for (let i = 0; i < height; i += 1) {
			const from = (image * height + i) * row;
			target.set(source.subarray(from, from + row), to);
			target.fill(0, to + row, to + gap);
			to += gap;
		}
		const below = (down.size - height) * gap;
		target.fill(0, to, to + below);
		to += below;
	}
	return result;
}
