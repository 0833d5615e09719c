import { crc32, deflateSync } from "node:zlib";

/** PNG files of 8-bit pixels (RFC 2083). */

export interface Pixels {
	/** [height, width, channels], row-major. */
	readonly data: Uint8Array;
	readonly width: number;
	readonly height: number;
	/** Grey, colour, colour with opacity. */
	readonly channels: 1 | 3 | 4;
}

const COLOUR_TYPE = { 1: 0, 3: 2, 4: 6 } as const;

function chunk(type: string, body: Uint8Array): Buffer {
	const bytes = Buffer.alloc(body.length + 12);
	bytes.writeUInt32BE(body.length, 0);
	bytes.write(type, 4, "latin1");
	bytes.set(body, 8);
	bytes.writeUInt32BE(crc32(bytes.subarray(4, body.length + 8)), body.length + 8);
	return bytes;
}

/** @throws RangeError when the values do not fill the shape. */
export function encodePng({ data, width, height, channels }: Pixels): Uint8Array {
	const stride = width * channels;
	if (data.length !== stride * height || data.length === 0)
		throw new RangeError(`png: must hold ${height}×${width}×${channels} values, got ${data.length}`);
	const header = Buffer.alloc(13);
	header.writeUInt32BE(width, 0);
	header.writeUInt32BE(height, 4);
	header.set([8, COLOUR_TYPE[channels], 0, 0, 0], 8);
	// Each row begins with its filter; 0 is none.
	const rows = Buffer.alloc((stride + 1) * height);
	for (let y = 0; y < height; y++) rows.set(data.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
	const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
	return Buffer.concat([
		signature,
		chunk("IHDR", header),
		chunk("IDAT", deflateSync(rows)),
		chunk("IEND", Buffer.alloc(0)),
	]);
}
