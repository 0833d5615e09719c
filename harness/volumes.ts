/** Volumes in NIfTI-1 and NIfTI-2 files, plain or gzipped. */
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { isCompressed, isNIFTI, readHeader, readImage } from "nifti-reader-js";

export interface Volume {
	/** Values in the file's own unit (its slope and intercept applied), x fastest: [depth, height, width]. */
	readonly data: Float32Array;
	readonly width: number;
	readonly height: number;
	readonly depth: number;
}

/** Bytes of a value and how to read it, by NIfTI data type code. */
const types: Readonly<Record<number, { bytes: number; read(view: DataView, at: number, little: boolean): number }>> = {
	2: { bytes: 1, read: (view, at) => view.getUint8(at) },
	4: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
	8: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
	16: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
	64: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
	256: { bytes: 1, read: (view, at) => view.getInt8(at) },
	512: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
	768: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
};

/** Reads a volume of three dimensions. Errors are one line and name the file. */
export async function readVolume(path: string): Promise<Volume> {
	const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
		throw new Error(
			`${path}: must be a NIfTI file, got ${error.code === "ENOENT" ? "nothing of that name" : error.code}`,
		);
	});
	if (file.length === 0) throw new Error(`${path}: must be a NIfTI file, got a file of zero bytes`);
	const bytes = isCompressed(bufferOf(file)) ? await unzip(file, path) : file;
	const buffer = bufferOf(bytes);
	if (!isNIFTI(buffer)) throw new Error(`${path}: must be a NIfTI file, got bytes of another format`);
	const header = readHeader(buffer);
	const [rank = 0, width = 0, height = 0, depth = 0, ...more] = header.dims;
	const single = more.slice(0, Math.max(0, rank - 3)).every((length) => length === 1);
	if (rank < 3 || !single || width < 1 || height < 1 || depth < 1) {
		throw new Error(`${path}: must be a volume of three dimensions, got ${header.dims.slice(1, rank + 1).join("×")}`);
	}
	const type = types[header.datatypeCode];
	if (type === undefined)
		throw new Error(`${path}: must hold whole or real numbers, got NIfTI data type ${header.datatypeCode}`);
	const count = width * height * depth;
	const view = new DataView(readImage(header, buffer));
	if (view.byteLength < count * type.bytes) {
		throw new Error(`${path}: must hold ${width}×${height}×${depth} values, got a truncated file`);
	}
	// A slope of zero means that the values are as they are.
	const scaled = header.scl_slope !== 0 && Number.isFinite(header.scl_slope);
	const slope = scaled ? header.scl_slope : 1;
	const intercept = scaled && Number.isFinite(header.scl_inter) ? header.scl_inter : 0;
	const data = new Float32Array(count);
	for (let at = 0; at < count; at += 1)
		data[at] = type.read(view, at * type.bytes, header.littleEndian) * slope + intercept;
	return { data, width, height, depth };
}

async function unzip(file: Buffer, path: string): Promise<Buffer> {
	return promisify(gunzip)(file).catch(() => {
		throw new Error(`${path}: must be a whole gzip file, got a truncated or damaged one`);
	});
}

function bufferOf(bytes: Buffer): ArrayBuffer {
	return Uint8Array.from(bytes).buffer;
}
