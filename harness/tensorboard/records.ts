/**
 * TFRecord, the framing of TensorBoard's event files: a length of 8 bytes, its masked checksum, the data, its masked checksum;
 * little-endian. A record that a crash cuts off is passed over by every reader.
 */

/** CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), a table of one byte. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
	let value = byte;
	for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
	return value;
});

/** CRC-32C of bytes. */
export function crc32c(bytes: Uint8Array): number {
	let value = 0xffffffff;
	for (const byte of bytes) value = (table[(value ^ byte) & 0xff] as number) ^ (value >>> 8);
	return (value ^ 0xffffffff) >>> 0;
}

/** One record. The mask keeps a checksum of data that holds checksums from being weak. */
export function record(data: Uint8Array): Buffer {
	const bytes = Buffer.alloc(16 + data.length);
	bytes.writeBigUInt64LE(BigInt(data.length), 0);
	bytes.writeUInt32LE(masked(crc32c(bytes.subarray(0, 8))), 8);
	bytes.set(data, 12);
	bytes.writeUInt32LE(masked(crc32c(data)), 12 + data.length);
	return bytes;
}

function masked(checksum: number): number {
	return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}
