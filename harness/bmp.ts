/** Windows bitmaps, which the picture library does not read: 8 bits with a palette, 24 and 32 bits, not compressed. */

export interface Bitmap {
	readonly height: number;
	readonly width: number;
	/** Reads the pixels as RGB, row-major from the top. Throws where the file ends early. */
	decode(): Uint8Array;
}

/** True where the bytes start as a bitmap does. */
export function isBmp(bytes: Uint8Array): boolean {
	return bytes.length >= 2 && bytes[0] === 0x42 && bytes[1] === 0x4d;
}

/** Reads the header of a bitmap. Throws on what is not of the kinds above, and on headers that do not fit together. */
export function bitmap(bytes: Uint8Array): Bitmap {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (bytes.length < 54) throw new Error("is cut off in its header");
	const start = view.getUint32(10, true);
	const header = view.getUint32(14, true);
	const width = view.getInt32(18, true);
	const signedHeight = view.getInt32(22, true);
	const bits = view.getUint16(28, true);
	const compression = view.getUint32(30, true);
	if (header < 40) throw new Error(`must be a Windows 3 bitmap or later, got a header of ${header} bytes`);
	if (width < 1 || signedHeight === 0) throw new Error(`must have a size above zero, got ${width}×${signedHeight}`);
	if (![8, 24, 32].includes(bits)) throw new Error(`must have 8, 24 or 32 bits a pixel, got ${bits}`);
	const masks = compression === 3 && bits === 32 && bytes.length >= 66 && view.getUint32(54, true) === 0x00ff0000;
	if (compression !== 0 && !masks) throw new Error(`must not be compressed, got compression ${compression}`);
	const height = Math.abs(signedHeight);
	return { height, width, decode };

	function decode(): Uint8Array {
		const stride = Math.ceil((width * bits) / 32) * 4;
		const end = start + stride * height;
		if (bytes.length < end) throw new Error(`is cut off: ${bytes.length} bytes of ${end}`);
		const palette = 14 + header;
		const pixels = new Uint8Array(height * width * 3);
		for (let row = 0; row < height; row += 1) {
			const line = start + stride * (signedHeight > 0 ? height - 1 - row : row);
			for (let column = 0; column < width; column += 1) {
				const from = bits === 8 ? palette + 4 * (bytes[line + column] as number) : line + (column * bits) / 8;
				const to = (row * width + column) * 3;
				pixels[to] = bytes[from + 2] as number;
				pixels[to + 1] = bytes[from + 1] as number;
				pixels[to + 2] = bytes[from] as number;
			}
		}
		return pixels;
	}
}
