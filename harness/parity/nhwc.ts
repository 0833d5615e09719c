/**
 * Goldens of systems whose code is TensorFlow's: pictures [N, H, W, C], convolution weights [kh, kw, in, out], transposed
 * ones [kh, kw, out, in], dense ones [in, out], and names of their own (`cotangent/y`, `grad/weight/…`). They are brought to
 * the layout and names of the PyTorch goldens as they are read, so that everything behind knows one kind only.
 */
import type { TorchArray } from "../../engine/parameters.ts";

/** Axes of PyTorch's array as axes of the stored one. Both kinds of convolution weights turn the same way. */
const weightAxes: Readonly<Record<number, readonly number[]>> = { 2: [1, 0], 4: [3, 2, 0, 1] };
const pictureAxes = [0, 3, 1, 2];

/** Tensors of a channel-last file as those of a PyTorch golden; layers keep their names. */
export function fromChannelLast(tensors: ReadonlyMap<string, TorchArray>): Map<string, TorchArray> {
	return new Map([...tensors].map(([name, array]) => [torchName(name), torchArray(name, array)]));
}

function torchName(name: string): string {
	if (name === "loss") return "loss/total";
	return name
		.replace(/^cotangent\//, "input/cotangent_")
		.replace(/^grad\/weight\//, "grad/")
		.replace(/^grad\/input\//, "grad_input/");
}

function torchArray(name: string, array: TorchArray): TorchArray {
	const axes = /\/(kernel|weights)$/.test(name) ? weightAxes[array.shape.length] : undefined;
	if (axes !== undefined) return transposed(array, axes);
	return array.shape.length === 4 ? transposed(array, pictureAxes) : array;
}

/** Axis `k` of the result is axis `axes[k]` of `array`. */
function transposed({ shape, data }: TorchArray, axes: readonly number[]): TorchArray {
	const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
	const sides = axes.map((axis) => shape[axis] as number);
	const steps = axes.map((axis) => strides[axis] as number);
	const result = new Float32Array(data.length);
	const index = sides.map(() => 0);
	for (let at = 0, from = 0; at < result.length; at += 1) {
		result[at] = data[from] as number;
		for (let axis = sides.length - 1; axis >= 0; axis -= 1) {
			index[axis] = (index[axis] as number) + 1;
			from += steps[axis] as number;
			if ((index[axis] as number) < (sides[axis] as number)) break;
			from -= (sides[axis] as number) * (steps[axis] as number);
			index[axis] = 0;
		}
	}
	return { shape: sides, data: result };
}
