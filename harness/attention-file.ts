/**
 * Attention maps of a trained system kept as numbers, `attention.json` beside a checkpoint, so that a page can lay them
 * over their pictures with a slider.
 */
import { readFile } from "node:fs/promises";
import * as tf from "@tensorflow/tfjs";
import sharp from "sharp";
import { z } from "zod";
import { toBytes } from "./edits.ts";
import { writeAtomically } from "./files.ts";
import type { Tile } from "./sheet.ts";

export const attentionSchema = "fovea-attention/1";

const form = z.object({
	schema: z.literal(attentionSchema),
	system: z.string(),
	seed: z.number(),
	/** What the maps lie over, in words. */
	under: z.string(),
	/** PNG files in base64. */
	pictures: z.array(z.string()),
	maps: z.array(
		z.object({
			/** Module, head or mask. */
			layer: z.string(),
			/** Whose attention it is: the share of the height (and width) at which the query lies. Absent where maps have no query. */
			query: z.number().optional(),
			/** One grey PNG in base64 for each picture: 255 is `highest`. */
			values: z.array(z.string()),
			/** The greatest value in each map before it was scaled to 255. */
			highest: z.array(z.number()),
		}),
	),
});

export type AttentionFile = z.infer<typeof form>;

/** A system whose maps may be asked for by query; those without queries give the same maps for each. */
interface Attentive {
	readonly id: string;
	attention(batch: never, options?: { readonly query?: number }): Record<string, tf.Tensor3D>;
}

const queries = [0.1, 0.3, 0.5, 0.7, 0.9];
/** Maps are kept no larger: a page holds hundreds. */
const largestSide = 128;

export interface AttentionFileOptions {
	readonly seed: number;
	/** Pictures kept, the first of the batch. @default 4 */
	readonly count?: number;
	/** Pictures to lay the maps over, with what they are. @default the batch's own */
	readonly under?: { readonly tiles: readonly Tile[]; readonly name: string };
}

/** The maps of `system` for the first pictures of `batch`; undefined where it has none. Disposes nothing of the caller's. */
export async function attentionOf(
	system: Attentive,
	batch: object,
	{ seed, count = 4, under }: AttentionFileOptions,
): Promise<AttentionFile | undefined> {
	const first = firstOf(batch, count);
	try {
		const layers = new Map<string, { query: number; maps: Float32Array; shape: readonly number[] }[]>();
		for (const query of queries) {
			const found = system.attention(first as never, { query });
			for (const [name, map] of "b" in first ? ofFirstNetwork(found) : Object.entries(found)) {
				const { shape } = map;
				layers.set(name, [...(layers.get(name) ?? []), { query, maps: (await map.data()) as Float32Array, shape }]);
			}
			tf.dispose(found);
		}
		if (layers.size === 0) return undefined;
		const maps: AttentionFile["maps"] = [];
		for (const [layer, asked] of layers) {
			const [one] = asked;
			const isSame = one !== undefined && asked.every(({ maps }) => equal(maps, one.maps));
			for (const { query, maps: data, shape } of isSame ? asked.slice(0, 1) : asked) {
				maps.push({ layer, ...(isSame ? {} : { query }), ...(await toGrey(data, shape)) });
			}
		}
		const tiles = under?.tiles.slice(0, count) ?? (await tilesOf(first, layers));
		const pictures = await Promise.all(tiles.map(toPng));
		return { schema: attentionSchema, system: system.id, seed, under: under?.name ?? "its input", pictures, maps };
	} finally {
		tf.dispose(first as tf.TensorContainer);
	}
}

/** Two-domain systems name their maps `network/map`: those of the first network are of the pictures `a`, which are shown. */
function ofFirstNetwork(maps: Readonly<Record<string, tf.Tensor3D>>): [string, tf.Tensor3D][] {
	const entries = Object.entries(maps);
	const network = entries[0]?.[0].split("/")[0];
	return entries.filter(([name]) => name.split("/")[0] === network);
}

/** Writes the maps, or nothing where there are none. */
export async function writeAttention(path: string, file: AttentionFile | undefined): Promise<void> {
	if (file !== undefined) await writeAtomically(path, `${JSON.stringify(file)}\n`);
}

/** Reads kept maps. Errors name the file and what of it is wrong. */
export async function readAttention(path: string): Promise<AttentionFile> {
	const text = await readFile(path, "utf8");
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch (cause) {
		throw new Error(`${path}: must be JSON, got ${(cause as Error).message}`, { cause });
	}
	const parsed = form.safeParse(json);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	throw new RangeError(
		`${path}: ${issue?.path.join(".") || "file"} must be as in ${attentionSchema}: ${issue?.message}`,
	);
}

/** The batch's tensors cut to their first rows. */
function firstOf(batch: object, count: number): Record<string, tf.Tensor> {
	return Object.fromEntries(
		Object.entries(batch)
			.filter((entry): entry is [string, tf.Tensor] => entry[1] instanceof tf.Tensor)
			.map(([name, tensor]) => [name, tf.slice(tensor, 0, Math.min(count, tensor.shape[0] ?? 0))]),
	);
}

/** The pictures that the maps are of: a batch's `images`, its `a` or its low-resolution ones. */
async function tilesOf(
	batch: Readonly<Record<string, tf.Tensor>>,
	layers: ReadonlyMap<string, readonly { readonly shape: readonly number[] }[]>,
): Promise<Tile[]> {
	const images = batch["images"] ?? batch["a"] ?? batch["low"];
	if (images === undefined)
		throw new RangeError(`attention: batch must hold images, a or low, got ${Object.keys(batch)}`);
	const [count = 0, height = 0, width = 0, channels = 0] = images.shape;
	const maps = [...layers.values()][0]?.[0]?.shape[0];
	if (maps !== count) throw new RangeError(`attention: a map for each of ${count} pictures is needed, got ${maps}`);
	const bytes = toBytes((await images.data()) as Float32Array);
	return Array.from({ length: count }, (_, picture) => {
		const pixels = new Uint8Array(height * width * 3);
		for (let place = 0; place < height * width; place += 1) {
			// Of medical pictures with several modalities the first is shown.
			const from = (picture * height * width + place) * channels;
			for (let channel = 0; channel < 3; channel += 1)
				pixels[place * 3 + channel] = bytes[channels === 3 ? from + channel : from] as number;
		}
		return { pixels, height, width };
	});
}

function equal(a: Float32Array, b: Float32Array): boolean {
	return a.length === b.length && a.every((value, index) => value === b[index]);
}

async function toPng({ pixels, height, width }: Tile): Promise<string> {
	return (
		await sharp(pixels, { raw: { height, width, channels: 3 } })
			.png()
			.toBuffer()
	).toString("base64");
}

/** Maps [N, H, W] as grey PNGs, each scaled to its own greatest value. */
async function toGrey(
	data: Float32Array,
	[count = 0, height = 0, width = 0]: readonly number[],
): Promise<{ values: string[]; highest: number[] }> {
	const size = height * width;
	const scale = Math.min(1, largestSide / Math.max(height, width));
	const values: string[] = [];
	const highest: number[] = [];
	for (let index = 0; index < count; index += 1) {
		const map = data.subarray(index * size, (index + 1) * size);
		const greatest = map.reduce((most, value) => Math.max(most, value), 0);
		const bytes = Uint8Array.from(map, (value) => Math.round((255 * Math.max(0, value)) / Math.max(greatest, 1e-12)));
		const picture = sharp(bytes, { raw: { height, width, channels: 1 } });
		const fitted =
			scale < 1 ? picture.resize(Math.round(width * scale), Math.round(height * scale), { fit: "fill" }) : picture;
		const png = await fitted.toColourspace("b-w").png({ compressionLevel: 9 }).toBuffer();
		values.push(png.toString("base64"));
		highest.push(greatest);
	}
	return { values, highest };
}
