import * as tf from "@tensorflow/tfjs";
import { attribute, execute } from "../tensorflow/execute.ts";
import { defineKernel, type Op } from "./kernel.ts";
import type { Sides } from "./padding.ts";

/** What stands outside the picture: zeros, its mirror image without the edge pixel, or its edge pixel. */
export type PadMode = "zero" | "reflect" | "replicate";

/**
 * Pads height and width of x [N, H, W, C] by `amount` pixels on every side, or by `[[top, bottom], [left, right]]`.
 * As PyTorch's ZeroPad2d, ReflectionPad2d and ReplicationPad2d. Differentiable to any order.
 */
export function pad2d(x: tf.Tensor4D, amount: number | Sides, mode: PadMode = "zero"): tf.Tensor4D {
	const sides: Sides =
		typeof amount === "number"
			? [
					[amount, amount],
					[amount, amount],
				]
			: amount;
	if (sides.flat().every((side) => side === 0)) return x;
	if (mode === "zero") return tf.pad(x, [[0, 0], [...sides[0]], [...sides[1]], [0, 0]]);
	if (mode === "replicate") return tf.tidy(() => replicate(replicate(x, 1, sides[0]), 2, sides[1]));
	requireReflection("pad2d", [x.shape[1], x.shape[2]], sides);
	return reflect({ x }, { sides }) as tf.Tensor4D;
}

/** The transpose of `pad2d` by reflection: adds each mirrored pixel of dy [N, H, W, C] to the one it came from. */
export function foldReflection(dy: tf.Tensor, sides: Sides): tf.Tensor {
	return fold({ dy }, { sides });
}

/** Throws where a picture of `size` [height, width] is too small to be mirrored on `sides`. */
export function requireReflection(where: string, [height, width]: readonly [number, number], sides: Sides): void {
	if (Math.max(...sides[0]) < height && Math.max(...sides[1]) < width) return;
	throw new RangeError(
		`${where}: reflect padding must be less than the picture, got ${JSON.stringify(sides)} and [${height}, ${width}]`,
	);
}

function replicate(x: tf.Tensor4D, axis: 1 | 2, [before, after]: readonly [number, number]): tf.Tensor4D {
	const repeats = (count: number): [number, number, number, number] =>
		axis === 1 ? [1, count, 1, 1] : [1, 1, count, 1];
	const parts = [x];
	if (before > 0) parts.unshift(tf.tile(part(x, axis, 0, 1), repeats(before)));
	if (after > 0) parts.push(tf.tile(part(x, axis, x.shape[axis] - 1, 1), repeats(after)));
	return tf.concat(parts, axis);
}

interface Reflection {
	readonly sides: Sides;
}

const reflect: Op<Reflection, "x"> = defineKernel({
	name: "FoveaReflectPad",
	tensorflow: ({ x }, { sides }, backend) => execute(backend, "MirrorPad", mirror, [x, paddings(sides)]),
	composed: ({ x }, { sides }) =>
		tf.mirrorPad(x as tf.Tensor4D, [[0, 0], [...sides[0]], [...sides[1]], [0, 0]], "reflect"),
	backward: (gradient, _, attributes) => ({ x: () => fold({ dy: gradient as tf.Tensor }, attributes) }),
});

const fold: Op<Reflection, "dy"> = defineKernel({
	name: "FoveaReflectFold",
	tensorflow: ({ dy }, { sides }, backend) => execute(backend, "MirrorPadGrad", mirror, [dy, paddings(sides)]),
	composed: ({ dy }, { sides }) => foldAxis(foldAxis(dy as tf.Tensor4D, 1, sides[0]), 2, sides[1]),
	backward: (gradient, _, attributes) => ({ dy: () => reflect({ x: gradient as tf.Tensor }, attributes) }),
});

const mirror = [
	attribute.dtype("T", "float32"),
	attribute.dtype("Tpaddings", "int32"),
	attribute.string("mode", "REFLECT"),
];

function paddings(sides: Sides): tf.Tensor {
	return tf.tensor2d([[0, 0], [...sides[0]], [...sides[1]], [0, 0]], [4, 2], "int32");
}

function foldAxis(dy: tf.Tensor4D, axis: 1 | 2, [before, after]: readonly [number, number]): tf.Tensor4D {
	const inner = dy.shape[axis] - before - after;
	let sum = part(dy, axis, before, inner);
	const add = (start: number, count: number, at: number): void => {
		if (count === 0) return;
		const mirrored = tf.reverse(part(dy, axis, start, count), axis);
		const pads: [number, number][] = [0, 1, 2, 3].map((other) => (other === axis ? [at, inner - at - count] : [0, 0]));
		sum = tf.add(sum, tf.pad(mirrored, pads));
	};
	add(0, before, 1);
	add(before + inner, after, inner - 1 - after);
	return sum;
}

function part(x: tf.Tensor4D, axis: 1 | 2, start: number, count: number): tf.Tensor4D {
	const begin: [number, number, number, number] = [0, 0, 0, 0];
	const size: [number, number, number, number] = [-1, -1, -1, -1];
	begin[axis] = start;
	size[axis] = count;
	return tf.slice(x, begin, size);
}
