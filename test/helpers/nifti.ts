/** The bytes of a NIfTI-1 file of 16-bit whole numbers; x is the fastest side. */
export function nifti(
	values: ArrayLike<number>,
	sides: readonly number[],
	{ little = true, slope = 1, intercept = 0 }: { little?: boolean; slope?: number; intercept?: number } = {},
): Uint8Array {
	const bytes = new Uint8Array(352 + values.length * 2);
	const view = new DataView(bytes.buffer);
	view.setInt32(0, 348, little);
	view.setInt16(40, sides.length, little);
	for (let at = 0; at < 7; at += 1) view.setInt16(42 + 2 * at, sides[at] ?? 1, little);
	view.setInt16(70, 4, little);
	view.setInt16(72, 16, little);
	for (let at = 0; at < 8; at += 1) view.setFloat32(76 + 4 * at, 1, little);
	view.setFloat32(108, 352, little);
	view.setFloat32(112, slope, little);
	view.setFloat32(116, intercept, little);
	bytes.set(new TextEncoder().encode("n+1"), 344);
	for (let at = 0; at < values.length; at += 1) view.setInt16(352 + 2 * at, values[at] as number, little);
	return bytes;
}
