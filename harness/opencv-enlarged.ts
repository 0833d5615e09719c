/** Sets of pictures enlarged as OpenCV does it, the floor that every enlarger has to beat. */
import { opencvResize } from "../metrics/resize/opencv.ts";
import { tileOf } from "./edit-sheets.ts";
import type { PictureSet } from "./edits.ts";

/** Every picture `scale` times as large, by the cubic kernel. */
export function opencvEnlarged(pictures: PictureSet, scale: number): PictureSet {
	const [height, width] = [pictures.height * scale, pictures.width * scale];
	const data = new Uint8Array(pictures.count * height * width * 3);
	for (let index = 0; index < pictures.count; index += 1) {
		const { pixels } = tileOf(pictures, index);
		const one = { data: pixels, height: pictures.height, width: pictures.width, channels: 3 };
		data.set(
			opencvResize(one, height, width, { interpolation: "cubic" }).data as Uint8Array,
			index * height * width * 3,
		);
	}
	return { data, count: pictures.count, height, width };
}
