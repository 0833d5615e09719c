/** A system's attention over a batch as notebook views, one for each picture, with a slider over maps and queries. */

import type { AttentionMap } from "../kernel/attention.ts";
import { type AttentionView, attention } from "../kernel/attention.ts";
import { type AttentionFile, type AttentionFileOptions, attentionOf } from "./attention-file.ts";
import { decodePicture } from "./pictures.ts";

/** Throws where the system has no attention. */
export async function attentionViews(
	system: Parameters<typeof attentionOf>[0],
	batch: object,
	options: AttentionFileOptions,
): Promise<AttentionView[]> {
	const file = await attentionOf(system, batch, options);
	if (file === undefined) throw new RangeError(`attention: ${system.id} must have attention maps, got none`);
	return viewsOf(file);
}

/** Views of maps that were taken before. */
export function viewsOf(file: AttentionFile): Promise<AttentionView[]> {
	return Promise.all(file.pictures.map((_, index) => viewOf(file, index)));
}

async function viewOf(file: AttentionFile, index: number): Promise<AttentionView> {
	const base = await decodePicture(Buffer.from(file.pictures[index] ?? "", "base64"));
	const maps = await Promise.all(file.maps.map(({ values }) => mapOf(values[index] ?? "")));
	const labels = file.maps.map(({ layer, query }) =>
		query === undefined ? layer : `${layer}, query at ${Math.round(100 * query)} %`,
	);
	const pixels = { data: base.data, count: 1, height: base.height, width: base.width, range: "byte" as const };
	return attention(pixels, maps, { labels, over: "map", title: `${file.system}, picture ${index + 1}` });
}

async function mapOf(base64: string): Promise<AttentionMap> {
	const { data, width, height, channels } = await decodePicture(Buffer.from(base64, "base64"));
	return Array.from({ length: height }, (_, row) =>
		Float32Array.from({ length: width }, (_, column) => (data[(row * width + column) * channels] ?? 0) / 255),
	);
}
