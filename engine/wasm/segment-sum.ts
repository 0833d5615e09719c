import type * as tf from "@tensorflow/tfjs";
import { type KernelCall, Scope } from "./scope.ts";

/**
 * UnsortedSegmentSum: x [rows, …], segmentIds [rows] → [numSegments, …], the sum of the rows of each segment. A row
 * whose id is negative or not below numSegments is left out. The gradient of `gather`.
 */
export function unsortedSegmentSum({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
	const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
	const segments = attrs["numSegments"] as number;
	const [rows, ...rest] = x.shape as [number, ...number[]];
	const width = rest.reduce((product, length) => product * length, 1);
	using scope = new Scope(backend);
	const floats = x.dtype === "float32" ? x : scope.call("Cast", { x }, { dtype: "float32" });
	const sums = scope.empty([segments, ...rest]);
	const [source, target] = [scope.view(floats), scope.view(sums)];
	const ids = backend.typedArrayFromHeap(segmentIds);
	target.fill(0);
	for (let row = 0; row < rows; row += 1) {
		const segment = ids[row] as number;
		if (segment < 0 || segment >= segments) continue;
		for (let column = 0; column < width; column += 1) {
			const to = segment * width + column;
			target[to] = (target[to] as number) + (source[row * width + column] as number);
		}
	}
	return scope.keep(x.dtype === "float32" ? sums : scope.call("Cast", { x: sums }, { dtype: x.dtype }));
}
