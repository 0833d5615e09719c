import * as tf from "@tensorflow/tfjs";
import { execute } from "../tensorflow/execute.ts";
import { type PoolOptions, tensorflowWindows } from "./avg-pool.ts";
import { defineKernel, type Inputs, type Op } from "./kernel.ts";
import { tap, untap, type Windows } from "./window.ts";

/**
 * Largest value of size × size windows: x [N, H, W, C] → [N, h, w, C], h = ⌊(H + 2 pad − size) / stride⌋ + 1. Padding
 * counts as −∞, as in PyTorch's MaxPool2d; of equal values the first, row by row, gets the gradient. Differentiable to
 * any order.
 */
export function maxPool2d(x: tf.Tensor4D, size: number, { stride = size, pad = 0 }: PoolOptions = {}): tf.Tensor4D {
	if (2 * pad > size) throw new RangeError(`maxPool2d: pad must be at most half of the window ${size}, got ${pad}`);
	return tf.tidy(() => {
		const side: [number, number] = [pad, pad];
		// The lowest float32 stands for −∞: a true one would turn into NaN where masks multiply it.
		const padded = pad === 0 ? x : tf.pad(x, [[0, 0], side, side, [0, 0]], -3.4028234663852886e38);
		const [, height, width] = padded.shape;
		if (size > height || size > width) {
			throw new RangeError(`maxPool2d: window must fit the picture, got ${size} and [${height}, ${width}]`);
		}
		return pool({ x: padded }, { size, stride }) as tf.Tensor4D;
	});
}

/** Input and output of the pooling: they say which pixel each output came from. */
interface Route {
	readonly windows: Windows;
	readonly x: tf.Tensor;
	readonly y: tf.Tensor;
}

const pool: Op<Windows, "x"> = defineKernel({
	name: "FoveaMaxPool",
	tensorflow: ({ x }, windows, backend) => execute(backend, "MaxPool", tensorflowWindows(windows), [x]),
	composed: ({ x }, { size, stride }) => tf.maxPool(x as tf.Tensor4D, size, stride, "valid"),
	saveInputs: ["x"],
	saveOutputs: [true],
	backward: (gradient, [x, y], windows) => ({
		x: () => scatter({ dy: gradient as tf.Tensor }, { windows, x: x, y: y as tf.Tensor }),
	}),
});

/** Each value to the pixel its window's maximum came from. Linear in dy. */
const scatter: Op<Route, "dy"> = defineKernel({
	name: "FoveaMaxPoolGradient",
	tensorflow: ({ dy }, { windows, x, y }, backend) =>
		execute(backend, "MaxPoolGrad", tensorflowWindows(windows), [x, y, dy]),
	composed: ({ dy }, { windows, x, y }) => {
		const picture = [x.shape[1] as number, x.shape[2] as number] as const;
		const parts = firstMaxima(x as tf.Tensor4D, y as tf.Tensor4D, windows).map(({ mask, row, column }) =>
			untap(tf.mul(dy as tf.Tensor4D, mask), row, column, windows, picture),
		);
		return tf.addN(parts);
	},
	backward: (gradient, _, route) => ({ dy: () => gather({ g: gradient as tf.Tensor }, route) }),
});

/** The transpose of `scatter`: each output takes the value at its maximum's pixel. Linear in g. */
const gather: Op<Route, "g"> = defineKernel({
	name: "FoveaMaxPoolGather",
	tensorflow: gatherTaps,
	composed: gatherTaps,
	backward: (gradient, _, route) => ({ g: () => scatter({ dy: gradient as tf.Tensor }, route) }),
});

function gatherTaps({ g }: Inputs<"g">, { windows, x, y }: Route): tf.Tensor {
	return tf.addN(
		firstMaxima(x as tf.Tensor4D, y as tf.Tensor4D, windows).map(({ mask, row, column }) =>
			tf.mul(tap(g as tf.Tensor4D, row, column, windows), mask),
		),
	);
}

/** For each pixel of the window, 1 where it is the first that holds the maximum, else 0. */
function firstMaxima(x: tf.Tensor4D, y: tf.Tensor4D, windows: Windows) {
	let free: tf.Tensor4D = tf.onesLike(y);
	const taps: { mask: tf.Tensor4D; row: number; column: number }[] = [];
	for (let row = 0; row < windows.size; row += 1) {
		for (let column = 0; column < windows.size; column += 1) {
			const holds = tf.cast(tf.equal(tap(x, row, column, windows), y), "float32") as tf.Tensor4D;
			const mask = tf.mul(holds, free) as tf.Tensor4D;
			free = tf.sub(free, mask);
			taps.push({ mask, row, column });
		}
	}
	return taps;
}
