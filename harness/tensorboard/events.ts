/**
 * Messages of TensorBoard's event files (tensorflow/core/util/event.proto, framework/summary.proto) in protobuf's wire form: a
 * key of field number and kind, then a varint (0), eight bytes (1), a length and bytes (2) or four bytes (5).
 */

/** What one event tells. */
export type What =
	| { readonly kind: "version" }
	/** A run begins: what was told of the event's step and of later ones is void. */
	| { readonly kind: "start" }
	| { readonly kind: "scalars"; readonly values: Readonly<Record<string, number>> }
	| {
			readonly kind: "image";
			readonly tag: string;
			readonly png: Uint8Array;
			readonly height: number;
			readonly width: number;
	  };

/** An event at `seconds` since 1970 and a step. */
export function event(seconds: number, step: number, what: What): Buffer {
	return Buffer.concat([double(1, seconds), varint(2, step), body(what)]);
}

function body(what: What): Buffer {
	switch (what.kind) {
		case "version":
			return bytes(3, Buffer.from("brain.Event:2"));
		case "start":
			return bytes(7, varint(1, 1));
		case "scalars": {
			const values = Object.entries(what.values).map(([tag, value]) =>
				bytes(1, Buffer.concat([bytes(1, Buffer.from(tag)), float(2, value)])),
			);
			return bytes(5, Buffer.concat(values));
		}
		case "image": {
			const { tag, png, height, width } = what;
			// Colour space 3: RGB.
			const image = Buffer.concat([varint(1, height), varint(2, width), varint(3, 3), bytes(4, png)]);
			return bytes(5, bytes(1, Buffer.concat([bytes(1, Buffer.from(tag)), bytes(4, image)])));
		}
		default:
			return what satisfies never;
	}
}

function double(field: number, value: number): Buffer {
	const result = Buffer.alloc(9);
	result[0] = (field << 3) | 1;
	result.writeDoubleLE(value, 1);
	return result;
}

function float(field: number, value: number): Buffer {
	const result = Buffer.alloc(5);
	result[0] = (field << 3) | 5;
	result.writeFloatLE(value, 1);
	return result;
}

function varint(field: number, value: number): Buffer {
	return Buffer.from([field << 3, ...digits(value)]);
}

function bytes(field: number, value: Uint8Array): Buffer {
	return Buffer.concat([Buffer.from([(field << 3) | 2, ...digits(value.length)]), value]);
}

/** Seven bits a byte, the lowest first; all but the last have their high bit set. */
function digits(value: number): number[] {
	const result: number[] = [];
	let rest = value;
	while (rest > 0x7f) {
		result.push((rest % 0x80) | 0x80);
		rest = Math.floor(rest / 0x80);
	}
	return [...result, rest];
}
