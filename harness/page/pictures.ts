/** Pictures as data URIs, together no larger than a page may be. */
import { readFile } from "node:fs/promises";
import sharp from "sharp";
import type { AttentionFile } from "../attention-file.ts";
import type { PagePicture } from "./contents.ts";

export interface InlinePicture {
	readonly what: string;
	readonly uri: string;
	readonly width: number;
	readonly height: number;
	/** What was lost, in words; undefined where the picture is as it was. */
	readonly loss: string | undefined;
}

/** From as it is to ever smaller, until all pictures fit. */
const levels = [
	{ scale: 1, quality: undefined },
	{ scale: 1, quality: 90 },
	{ scale: 1, quality: 75 },
	{ scale: 0.6, quality: 75 },
	{ scale: 0.35, quality: 70 },
] as const;

/** @param budget Bytes for all of them, in base64. Throws where they do not fit in the end. */
export async function inlinePictures(pictures: readonly PagePicture[], budget: number): Promise<InlinePicture[]> {
	const files = await Promise.all(
		pictures.map(async ({ path, what }) => ({ path, what, bytes: await readPicture(path) })),
	);
	for (const level of levels) {
		const inlined = await Promise.all(files.map((file) => inline(file, level)));
		if (inlined.reduce((sum, { uri }) => sum + uri.length, 0) <= budget) return inlined;
	}
	throw new RangeError(
		`report: pictures must fit into ${(budget / 1e6).toFixed(1)} MB, got ${pictures.length} too large`,
	);
}

async function readPicture(path: string): Promise<Buffer> {
	return readFile(path).catch((cause: NodeJS.ErrnoException) => {
		throw new Error(`${path}: must be there, as the report names it, got ${cause.code}`, { cause });
	});
}

async function inline(
	{ path, what, bytes }: { readonly path: string; readonly what: string; readonly bytes: Buffer },
	{ scale, quality }: (typeof levels)[number],
): Promise<InlinePicture> {
	const picture = sharp(bytes);
	const {
		width = 0,
		height = 0,
		format,
	} = await picture.metadata().catch((cause: Error) => {
		throw new Error(`${path}: must be a picture, got ${cause.message}`, { cause });
	});
	const as = (type: string, data: Buffer) => ({
		...{ what, width, height, uri: `data:image/${type};base64,${data.toString("base64")}` },
	});
	if (format === "svg") return { ...as("svg+xml", bytes), loss: undefined };
	if (quality === undefined)
		return { ...as("webp", await picture.webp({ lossless: true }).toBuffer()), loss: undefined };
	const smaller = scale === 1 ? picture : picture.resize(Math.max(1, Math.round(width * scale)));
	const loss = scale === 1 ? `quality ${quality}` : `${Math.round(100 * scale)} % of its size, quality ${quality}`;
	return { ...as("webp", await smaller.webp({ quality }).toBuffer()), loss: `kept here at ${loss}, to fit the page` };
}

/** The maps cut to as many pictures as fit into `budget` bytes. */
export function fitAttention(files: readonly AttentionFile[], budget: number): AttentionFile[] {
	const most = Math.max(0, ...files.map(({ pictures }) => pictures.length));
	for (let count = most; count > 1; count -= 1) {
		const cut = files.map((file) => firstPictures(file, count));
		if (JSON.stringify(cut).length <= budget) return cut;
	}
	return files.map((file) => firstPictures(file, 1));
}

function firstPictures(file: AttentionFile, count: number): AttentionFile {
	return {
		...file,
		pictures: file.pictures.slice(0, count),
		maps: file.maps.map((map) => ({
			...map,
			values: map.values.slice(0, count),
			highest: map.highest.slice(0, count),
		})),
	};
}
