import type { Picture } from "./metric.ts";

/** Sizes in pixels of the connected parts of a mask, in row order of their first pixels. */
export function componentSizes(
	mask: Picture,
	{
		neighbours = 4,
	}: {
		/** 4: by sides; 8: by sides and corners. @default 4 */
		readonly neighbours?: 4 | 8;
	} = {},
): number[] {
	const { data, height, width } = mask;
	const seen = new Uint8Array(data.length);
	const sizes: number[] = [];
	for (let start = 0; start < data.length; start += 1) {
		if (seen[start] === 1 || !((data[start] as number) > 0)) continue;
		const stack = [start];
		seen[start] = 1;
		let size = 0;
		for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
			size += 1;
			const [row, column] = [Math.floor(at / width), at % width];
			for (let down = -1; down <= 1; down += 1) {
				for (let across = -1; across <= 1; across += 1) {
					if (neighbours === 4 && down !== 0 && across !== 0) continue;
					const [y, x] = [row + down, column + across];
					if (y < 0 || y >= height || x < 0 || x >= width) continue;
					const next = y * width + x;
					if (seen[next] === 1 || !((data[next] as number) > 0)) continue;
					seen[next] = 1;
					stack.push(next);
				}
			}
		}
		sizes.push(size);
	}
	return sizes;
}
