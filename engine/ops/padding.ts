/** Zero padding of a picture: pixels on every side, `"same"` (output is ⌈input / stride⌉, as TensorFlow pads), or `[[top, bottom], [left, right]]`. */
export type Padding = number | "same" | Sides;

/** `[[top, bottom], [left, right]]` in pixels. */
export type Sides = readonly [readonly [number, number], readonly [number, number]];

/** Padding as sides, for an input of `size` [height, width]. */
export function paddingSides(
	padding: Padding,
	size: readonly [number, number],
	kernel: readonly [number, number],
	stride: readonly [number, number],
): Sides {
	if (typeof padding === "number") {
		return [
			[padding, padding],
			[padding, padding],
		];
	}
	if (padding !== "same") return padding;
	return [samePadding(size[0], kernel[0], stride[0]), samePadding(size[1], kernel[1], stride[1])];
}

/** TensorFlow's rule: the odd pixel goes after. */
function samePadding(size: number, kernel: number, stride: number): readonly [number, number] {
	const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
	return [Math.floor(total / 2), Math.ceil(total / 2)];
}
