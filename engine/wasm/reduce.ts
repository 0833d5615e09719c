import * as tf from "@tensorflow/tfjs";
import { type KernelCall, Scope } from "./scope.ts";

/**
 * Sum, or Mean where `mean` says so, by the backend's own kernel, `original`, save for the reductions that normalisation
 * and its gradients make: over neighbouring axes that are not the last. The backend transposes for those, which takes
 * three times as long as adding up row by row. Sums are kept in float64 until the end.
 */
export function reduction(original: tf.KernelFunc, mean: boolean): (call: KernelCall) => tf.TensorInfo {
	return ({ inputs, attrs, backend }) => {
		const x = inputs["x"] as tf.TensorInfo;
		const axes = tf.util.parseAxisParam(attrs["axis"] as number[], x.shape).sort((a, b) => a - b);
		const [first, last] = [axes[0], axes.at(-1)];
		const together = first !== undefined && last !== undefined && last - first === axes.length - 1;
		if (!together || last === x.shape.length - 1 || x.dtype !== "float32") {
			return original({ inputs, attrs, backend }) as tf.TensorInfo;
		}
		const outer = tf.util.sizeFromShape(x.shape.slice(0, first));
		const count = tf.util.sizeFromShape(x.shape.slice(first, last + 1));
		const inner = tf.util.sizeFromShape(x.shape.slice(last + 1));
		const shape = x.shape.flatMap((length, axis) => (axes.includes(axis) ? (attrs["keepDims"] ? [1] : []) : [length]));
		using scope = new Scope(backend);
		const result = scope.empty(shape);
		const [source, target] = [scope.view(x), scope.view(result)];
		const sums = new Float64Array(inner);
		for (let part = 0; part < outer; part += 1) {
			sums.fill(0);
			addRows(source.subarray(part * count * inner, (part + 1) * count * inner), count, sums);
			for (let index = 0; index < inner; index += 1) {
				target[part * inner + index] = (sums[index] as number) / (mean ? count : 1);
			}
		}
		return scope.keep(result);
	};
}

/** Adds every row of [count, sums.length] to the sums, four at a time: fewer sums to load and store. */
function addRows(rows: Float32Array, count: number, sums: Float64Array): void {
	const length = sums.length;
	let row = 0;
	for (; row + 4 <= count; row += 4) {
		let at = row * length;
		for (let index = 0; index < length; index += 1) {
			const upper = (rows[at] as number) + (rows[at + length] as number);
			const lower = (rows[at + 2 * length] as number) + (rows[at + 3 * length] as number);
			sums[index] = (sums[index] as number) + (upper + lower);
			at += 1;
		}
	}
	for (let at = row * length; at < count * length; at += 1) {
		sums[at % length] = (sums[at % length] as number) + (rows[at] as number);
	}
}
