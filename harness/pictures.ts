/**
 * Picture files in and out. What is read is 8-bit sRGB, whatever the file holds: CMYK is converted through its profile,
 * 16 bits are scaled to 8, grey is spread over three channels, the camera's rotation mark is obeyed. Other embedded colour
 * profiles are left aside, as the papers' own loaders do. What cannot be read rightly is refused by name.
 */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import sharp from "sharp";
import { bitmap, isBmp } from "./bmp.ts";
import { foundInstead, writeAtomically } from "./files.ts";

/** What becomes of an alpha channel: blended over white, left out, or kept as a fourth channel that is data. */
export type Alpha = "flatten" | "drop" | "data";

export interface ReadOptions {
	/** Channels of the result: grey by Rec. 601 weights, RGB, RGB and alpha, or grey or RGB as the file has it. @default 3 */
	readonly channels?: 1 | 3 | 4 | "own";
	/** @default "flatten", or "data" with four channels */
	readonly alpha?: Alpha;
	/** Larger pictures are refused before they are decoded. @default 100 million */
	readonly maxPixels?: number;
	/** Sees the bytes of the file before they are decoded, to hash just what is read. */
	readonly onBytes?: (bytes: Uint8Array) => void;
}

/** Bytes, or of files with 16 bits a channel values on 0 … 255 with what lies between two bytes. */
export interface DeepPixelArray extends Omit<PixelArray, "data"> {
	readonly data: Uint8Array | Float64Array;
}

export interface PixelArray {
	/** [height, width, channels] bytes, row-major. */
	readonly data: Uint8Array;
	readonly height: number;
	readonly width: number;
	readonly channels: number;
}

/** Formats that `readPicture` takes, and the file names that a folder of pictures is searched for. */
const formats = new Set(["jpeg", "png", "webp", "gif", "tiff", "heif"]);
const extensions = new Set([".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".avif", ".bmp"]);

/** Reads one picture file off the main thread. Errors are one line and name the file. */
export async function readPicture(path: string, options: ReadOptions = {}): Promise<PixelArray> {
	const bytes = await readBytes(path);
	options.onBytes?.(bytes);
	try {
		return await decodePicture(bytes, options);
	} catch (error) {
		throw new Error(`${path}: ${reason(error, bytes)}`, { cause: error });
	}
}

/** Reads one picture file as it is, grey or RGB over white, with all that 16 bits hold. Errors as of `readPicture`. */
export async function readDeepPicture(path: string, { maxPixels = 1e8 }: ReadOptions = {}): Promise<DeepPixelArray> {
	const bytes = await readBytes(path);
	try {
		const raw = isBmp(bytes) ? decodeBmp(bytes, maxPixels) : await decodeOther(bytes, maxPixels, true);
		return toChannels(raw, "own", "flatten");
	} catch (error) {
		throw new Error(`${path}: ${reason(error, bytes)}`, { cause: error });
	}
}

/** Decodes the bytes of one picture file; as `readPicture`, without a name in its errors. */
export async function decodePicture(bytes: Uint8Array, options: ReadOptions = {}): Promise<PixelArray> {
	const { channels = 3, alpha = channels === 4 ? "data" : "flatten", maxPixels = 1e8 } = options;
	if (alpha === "data" && channels !== 4) throw new RangeError(`alpha "data": must have channels 4, got ${channels}`);
	const raw = isBmp(bytes) ? decodeBmp(bytes, maxPixels) : await decodeOther(bytes, maxPixels);
	const picture = toChannels(raw, channels, alpha);
	if (!(picture.data instanceof Uint8Array)) throw new Error("internal: bytes were asked for");
	return { ...picture, data: picture.data };
}

/** Writes bytes [height, width, channels] as PNG; its name never holds half a file. Channels: 1, 3 or 4 (not premultiplied). */
export async function writePng(
	path: string,
	pixels: Uint8Array,
	{ height, width, channels }: { readonly height: number; readonly width: number; readonly channels: 1 | 3 | 4 },
): Promise<void> {
	if (pixels.length !== height * width * channels) {
		throw new RangeError(`writePng: must have ${height}×${width}×${channels} values, got ${pixels.length} for ${path}`);
	}
	const image = sharp(pixels, { raw: { width, height, channels } });
	// One grey channel would be written as three.
	const png = await (channels === 1 ? image.toColourspace("b-w") : image).png().toBuffer();
	await writeAtomically(path, png);
}

/** The paths of the picture files of a folder, sorted by name. Throws where there is no such folder or no picture in it. */
export async function pictureFolder(folder: string): Promise<string[]> {
	const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
		const got = error.code === "ENOTDIR" ? "a file" : foundInstead(error);
		throw new Error(`${folder}: must be a folder of pictures, got ${got}`);
	});
	// A folder may be called as a picture is; a link may lead to one.
	const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
	const pictures = names.filter((name) => extensions.has(extname(name).toLowerCase()) && !name.startsWith("."));
	if (pictures.length === 0) {
		const kinds = [...extensions].join(" ");
		const folders = entries.filter((entry) => entry.isDirectory()).length;
		const got =
			folders === 0
				? `${entries.length} other entries`
				: `${entries.length} other entries, ${folders} of them folders, which are not searched`;
		throw new Error(`${folder}: must hold picture files (${kinds}), got ${got}`);
	}
	return pictures.sort().map((name) => join(folder, name));
}

async function readBytes(path: string): Promise<Uint8Array> {
	const bytes = await readFile(path).catch((error: unknown) => {
		throw new Error(`${path}: must be a picture file, got ${foundInstead(error)}`);
	});
	if (bytes.length === 0) throw new Error(`${path}: must be a picture, got a file of zero bytes`);
	return bytes;
}

interface Raw extends DeepPixelArray {
	/** The last of two or four channels. */
	readonly hasAlpha: boolean;
}

function decodeBmp(bytes: Uint8Array, maxPixels: number): Raw {
	const file = bitmap(bytes);
	checkSize(file.width, file.height, maxPixels);
	return { data: file.decode(), height: file.height, width: file.width, channels: 3, hasAlpha: false };
}

async function decodeOther(bytes: Uint8Array, maxPixels: number, deep = false): Promise<Raw> {
	const header = await sharp(bytes, { limitInputPixels: false }).metadata();
	const { format, width, height, depth, pages = 1 } = header;
	if (!formats.has(format)) throw new Error(`must be a picture of pixels, got ${format}`);
	checkSize(width, height, maxPixels);
	if (pages > 1) throw new Error(`must hold one picture, got ${pages}`);
	if (depth !== "uchar" && depth !== "ushort") throw new Error(`must have 8 or 16 bits a channel, got ${depth}`);
	const cmyk = header.space === "cmyk";
	const input = sharp(bytes, { autoOrient: true, ignoreIcc: !cmyk, limitInputPixels: maxPixels, failOn: "warning" });
	const grey = header.channels - (header.hasAlpha ? 1 : 0) === 1;
	if (depth === "uchar") {
		// Of grey with alpha, "b-w" would leave one channel.
		const { data, info } = await input
			.toColourspace(grey && !header.hasAlpha ? "b-w" : "srgb")
			.raw()
			.toBuffer({ resolveWithObject: true });
		if (grey && header.hasAlpha) {
			const both = Uint8Array.from({ length: data.length / 2 }, (_, at) => data[2 * at + (at % 2)] as number);
			return { data: both, height: info.height, width: info.width, channels: 2, hasAlpha: true };
		}
		return { data, height: info.height, width: info.width, channels: info.channels, hasAlpha: header.hasAlpha };
	}
	const { data, info } = await input
		.toColourspace(grey ? "grey16" : "rgb16")
		.raw({ depth: "ushort" })
		.toBuffer({ resolveWithObject: true });
	const words = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
	// 65535 / 255 = 257
	const scaled = deep
		? Float64Array.from(words, (word) => word / 257)
		: Uint8Array.from(words, (word) => Math.round(word / 257));
	return { data: scaled, height: info.height, width: info.width, channels: info.channels, hasAlpha: header.hasAlpha };
}

function checkSize(width: number, height: number, maxPixels: number): void {
	if (width * height > maxPixels) {
		throw new RangeError(`must have at most ${maxPixels} pixels, got ${width}×${height}`);
	}
}

/** Grey or colour, with or without alpha, as what was asked for. */
function toChannels(raw: Raw, wanted: 1 | 3 | 4 | "own", alpha: Alpha): DeepPixelArray {
	const { data, height, width, channels: given, hasAlpha } = raw;
	const colours = given - (hasAlpha ? 1 : 0);
	const channels = wanted === "own" ? (colours as 1 | 3) : wanted;
	if (colours !== 1 && colours !== 3) throw new Error(`must have grey or three colour channels, got ${colours}`);
	if (given === channels && (!hasAlpha || alpha === "data")) return { data, height, width, channels };
	const count = height * width;
	const deep = data instanceof Float64Array;
	const result = deep ? new Float64Array(count * channels) : new Uint8Array(count * channels);
	const blend = hasAlpha && alpha === "flatten";
	for (let pixel = 0; pixel < count; pixel += 1) {
		const from = pixel * given;
		const to = pixel * channels;
		const opacity = hasAlpha ? (data[from + colours] as number) : 255;
		const at = (colour: number) => {
			const value = data[from + (colours === 1 ? 0 : colour)] as number;
			if (!blend) return value;
			const blended = (value * opacity + 255 * (255 - opacity)) / 255;
			return deep ? blended : Math.round(blended);
		};
		if (channels === 1) {
			result[to] = colours === 1 ? at(0) : luma(at(0), at(1), at(2));
			continue;
		}
		result[to] = at(0);
		result[to + 1] = at(1);
		result[to + 2] = at(2);
		if (channels === 4) result[to + 3] = alpha === "data" ? opacity : 255;
	}
	return { data: result, height, width, channels };
}

/** Rec. 601 luma in 16-bit fixed point, rounded: the integers of Pillow's "L". */
function luma(red: number, green: number, blue: number): number {
	return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

/**
 * What is wrong with a file, as one line. The picture library's own words are left to `cause`: it keeps them in one place
 * for all threads, so that of two broken files one may get the other's.
 */
function reason(error: unknown, bytes: Uint8Array): string {
	const message = error instanceof Error ? error.message : String(error);
	if (/^(must|is cut|alpha)/.test(message)) return message;
	if (/unsupported image format/i.test(message) && !isTiff(bytes))
		return "must be a picture, got bytes of no known format";
	return "must be a whole picture, got a truncated or damaged file";
}

/** A tiff keeps its directory at its end: cut off, it is no longer known as one. */
function isTiff([a, b, c, d]: Uint8Array): boolean {
	return (a === 0x49 && b === 0x49 && c === 0x2a && d === 0) || (a === 0x4d && b === 0x4d && c === 0 && d === 0x2a);
}
