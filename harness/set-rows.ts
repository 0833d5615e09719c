/** Sets on disk as feature rows: folders of pictures through an extractor, array files as they are. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../engine/cache.ts";
import { currentEngine } from "../engine/engine.ts";
import type { Extractor, Resizer } from "../metrics/features/extractor.ts";
import { extractRows, type Rows, rowsProtocol } from "../metrics/features/rows.ts";
import type { Features, Picture } from "../metrics/metric.ts";
import { isArrayFile, type NumberArray, readArray } from "./arrays.ts";
import { foundInstead } from "./files.ts";
import { prefetched } from "./order.ts";
import { pictureFolder, readPicture } from "./pictures.ts";
import type { Input } from "./report.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { version as fovea } from "./version.ts";

/** A set that was named on the command line. */
export type OpenSet =
	| { readonly kind: "pictures"; readonly input: Input; readonly paths: readonly string[] }
	| { readonly kind: "rows"; readonly input: Input; readonly rows: Features; readonly array: NumberArray }
	| { readonly kind: "images"; readonly input: Input; readonly array: NumberArray };

/**
 * Opens a folder of pictures (sorted by name) or an array file: two-dimensional arrays are rows of features or logits,
 * arrays of more dimensions are pictures. Hashes what it opens.
 */
export async function openSet(set: string): Promise<OpenSet> {
	if (!isArrayFile(set)) {
		const paths = await pictureFolder(set);
		const hash = createHash("sha256");
		for (const path of paths) hash.update(`${await fileHash(path)}\n`);
		return { kind: "pictures", input: { path: set, count: paths.length, sha256: hash.digest("hex") }, paths };
	}
	const array = await readArray(set);
	const [count = 0, dimensions = 0] = array.shape;
	const at = set.lastIndexOf("#");
	const sha256 = await fileHash(at < 0 ? set : set.slice(0, at));
	if (array.shape.length === 2) {
		const data =
			array.values instanceof Float64Array || array.values instanceof Float32Array
				? array.values
				: Float64Array.from(array.values);
		return { kind: "rows", input: { path: set, count, sha256 }, rows: { data, count, dimensions }, array };
	}
	if (array.shape.length !== 3 && array.shape.length !== 4) {
		throw new RangeError(`${set}: array must have 2 dimensions (rows) or 3 to 4 (pictures), got [${array.shape}]`);
	}
	return { kind: "images", input: { path: set, count: pictureShape(array.shape, set).count, sha256 }, array };
}

export interface SetRowsOptions {
	/** Needed for pictures. */
	readonly extractor: Extractor | undefined;
	readonly resizer: Resizer;
	readonly batchSize?: number | undefined;
	/** Class logits are needed, too. @default true */
	readonly logits?: boolean | undefined;
	readonly signal?: AbortSignal | undefined;
	readonly onPicture?: ((done: number, total: number) => void) | undefined;
	/** Keep and use features under the cache folder. @default true */
	readonly cache?: boolean | undefined;
}

/**
 * Rows of an opened set. Those of pictures are kept in the cache under the hash of every picture's bytes, the extractor,
 * its weights, the resize, the engine and this package's version, so a changed picture is never answered with old features.
 */
export async function setRows(set: OpenSet, options: SetRowsOptions): Promise<Rows> {
	if (set.kind === "rows")
		return { features: set.rows, logits: set.rows, protocol: { extractor: "none, rows as given" } };
	const { extractor, resizer, batchSize = 32, logits = true, signal, onPicture, cache = true } = options;
	if (extractor === undefined) throw new TypeError(`${set.input.path}: pictures need an extractor, got none`);
	const { name, version } = currentEngine();
	const key = createHash("sha256")
		.update(JSON.stringify([fovea, set.input.sha256, extractor.protocol, resizer.id, name, version]))
		.digest("hex");
	const path = join(cacheFolder(), "features", `${key}.safetensors`);
	const total = set.input.count;
	const rowsOptions = {
		resizer,
		batchSize,
		logits,
		expected: total,
		signal,
		onBatch: (done: number) => onPicture?.(done, total),
	};
	if (cache) {
		const kept = await readKept(path, set.input.count, extractor, logits);
		if (kept !== undefined) return { ...kept, protocol: rowsProtocol(extractor, resizer) };
	}
	const pictures =
		set.kind === "images"
			? asBytes(arrayPictures(set.array, set.input.path), set.input.path)
			: folderPictures(set.paths, set.input, signal);
	const rows = await extractRows(extractor, pictures, rowsOptions);
	// What cannot be kept, on a disk that is full or read-only, is computed again next time.
	if (cache) await keep(path, rows).catch(() => undefined);
	return rows;
}

/** The pictures of a folder. Ends with an error where a file is no longer the one that was hashed. */
async function* folderPictures(paths: readonly string[], { path: folder, sha256 }: Input, signal?: AbortSignal) {
	const hash = createHash("sha256");
	const load = async (path: string) => {
		let digest = "";
		const onBytes = (bytes: Uint8Array) => {
			digest = createHash("sha256").update(bytes).digest("hex");
		};
		const picture = await readPicture(path, { channels: 3, onBytes });
		return { picture, digest };
	};
	for await (const { picture, digest } of prefetched(paths, load, readAhead, signal)) {
		hash.update(`${digest}\n`);
		yield picture;
	}
	if (hash.digest("hex") !== sha256) throw new Error(`${folder}: pictures must stay as they are, got one that changed`);
}

/**
 * The pictures of an array [N, H, W, C], [H, W, C], [N, H, W] or [H, W], where C is 1 or 3 (also 4 in four dimensions). Bytes,
 * booleans and whole numbers up to 255 come as bytes, floats as they are.
 */
export function* arrayPictures({ shape, values }: NumberArray, where: string): Generator<Picture> {
	const { count, height, width, channels } = pictureShape(shape, where);
	const length = height * width * channels;
	for (let index = 0; index < count; index += 1) {
		const data = plain(values.subarray(index * length, (index + 1) * length), `${where}: picture ${index}`);
		yield { data, height, width, channels };
	}
}

function pictureShape(shape: readonly number[], where: string): Omit<Picture, "data"> & { readonly count: number } {
	const last = shape.at(-1) ?? 0;
	const colour = shape.length === 4 || (shape.length === 3 && (last === 1 || last === 3));
	const sides = colour ? shape.slice(0, -1) : shape;
	const channels = colour ? last : 1;
	const [count, height, width] = sides.length === 2 ? [1, ...sides] : sides;
	const known = channels === 1 || channels === 3 || channels === 4;
	if (count === undefined || height === undefined || width === undefined || sides.length > 3 || !known) {
		const forms = "[N, H, W, C], [H, W, C], [N, H, W] or [H, W] with 1, 3 or 4 channels last";
		throw new RangeError(`${where}: pictures must be ${forms}, got [${shape}]`);
	}
	if (height === 0 || width === 0) throw new RangeError(`${where}: pictures must have a pixel, got [${shape}]`);
	return { count, height, width, channels };
}

function plain(values: NumberArray["values"], where: string): Picture["data"] {
	if (values instanceof Uint8Array || values instanceof Float32Array || values instanceof Float64Array) return values;
	return Uint8Array.from(values, (value) => {
		if (value < 0 || value > 255) throw new RangeError(`${where}: whole numbers must be from 0 to 255, got ${value}`);
		return value;
	});
}

/** Floats of 0 … 1 as bytes, which is what extractors take. */
function* asBytes(pictures: Iterable<Picture>, where: string): Generator<Picture> {
	for (const picture of pictures) {
		const { data, channels } = picture;
		if (channels !== 1 && channels !== 3) {
			throw new RangeError(`${where}: pictures must have 1 or 3 channels for features, got ${channels}`);
		}
		if (data instanceof Uint8Array) yield picture;
		else {
			const bad = data.findIndex((value: number) => !(value >= 0 && value <= 1));
			if (bad >= 0) throw new RangeError(`${where}: floats must be from 0 to 1, got ${data[bad]}`);
			yield { ...picture, data: Uint8Array.from(data, (value) => Math.round(value * 255)) };
		}
	}
}

async function readKept(
	path: string,
	count: number,
	extractor: Extractor,
	wanted: boolean,
): Promise<Omit<Rows, "protocol"> | undefined> {
	const exists = await stat(path).then(
		() => true,
		() => false,
	);
	if (!exists) return undefined;
	// A file that another program cut or changed is made again.
	const file = await readSafetensors(path).catch(() => undefined);
	const part = (name: string, dimensions: number): Features | undefined => {
		const tensor = file?.tensors.get(name);
		if (tensor?.shape[0] !== count || tensor.shape[1] !== dimensions) return undefined;
		return { data: tensor.values as Float32Array, count, dimensions };
	};
	const features = part("features", extractor.dimensions);
	if (features === undefined) return undefined;
	if (extractor.classes === 0 || !wanted) return { features };
	const logits = part("logits", extractor.classes);
	return logits === undefined ? undefined : { features, logits };
}

async function keep(path: string, { features, logits }: Rows): Promise<void> {
	const tensor = ({ data, count, dimensions }: Features) => ({
		shape: [count, dimensions],
		data: data instanceof Float32Array ? data : Float32Array.from(data),
	});
	await writeSafetensors(path, {
		features: tensor(features),
		...(logits === undefined ? {} : { logits: tensor(logits) }),
	});
}

async function fileHash(path: string): Promise<string> {
	const hash = createHash("sha256");
	try {
		for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
	} catch (cause) {
		throw new Error(`${path}: must be a file that can be read, got ${foundInstead(cause)}`, { cause });
	}
	return hash.digest("hex");
}

/** Pictures decoded ahead of the network. */
const readAhead = 16;
