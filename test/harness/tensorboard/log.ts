import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { TensorboardLog } from "../../../harness/tensorboard/log.ts";
import { crc32c, record } from "../../../harness/tensorboard/records.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

const tile = { pixels: new Uint8Array(4 * 4 * 3).fill(120), height: 4, width: 4 };
const sheet = { title: "samples", columns: ["one"], rows: [{ label: "", tiles: [tile] }] };

test("checksums are CRC-32C", (t) => {
	// The check value of the catalogue of CRCs, and iSCSI's example of 32 zero bytes (RFC 3720, B.4).
	t.is(crc32c(Buffer.from("123456789")), 0xe3069283);
	t.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
});

test("a record is its length, data and their masked checksums", (t) => {
	const bytes = record(Buffer.from("abc"));
	t.is(bytes.length, 19);
	t.is(bytes.readBigUInt64LE(0), 3n);
	t.is(bytes.toString("latin1", 12, 15), "abc");
	const unmasked = (value: number) => {
		const rotated = (value - 0xa282ead8) >>> 0;
		return ((rotated << 15) | (rotated >>> 17)) >>> 0;
	};
	t.is(unmasked(bytes.readUInt32LE(8)), crc32c(bytes.subarray(0, 8)));
	t.is(unmasked(bytes.readUInt32LE(15)), crc32c(Buffer.from("abc")));
});

/** Fields of a protobuf message by number: numbers, or bytes. */
function fields(bytes: Buffer): Map<number, (number | Buffer)[]> {
	const found = new Map<number, (number | Buffer)[]>();
	let at = 0;
	const varint = () => {
		let value = 0;
		for (let shift = 0; ; shift += 7) {
			const byte = bytes[at] as number;
			at += 1;
			value += (byte & 0x7f) * 2 ** shift;
			if (byte < 0x80) return value;
		}
	};
	while (at < bytes.length) {
		const key = varint();
		const take = (length: number) => {
			at += length;
			return bytes.subarray(at - length, at);
		};
		const read = (): number | Buffer => {
			if ((key & 7) === 0) return varint();
			if ((key & 7) === 1) return take(8).readDoubleLE(0);
			if ((key & 7) === 5) return take(4).readFloatLE(0);
			return take(varint());
		};
		found.set(key >> 3, [...(found.get(key >> 3) ?? []), read()]);
	}
	return found;
}

/** Tags, steps and values of a file, read without the writer's code. */
async function scalarsOf(path: string): Promise<[string, number, number][]> {
	const bytes = await readFile(path);
	const found: [string, number, number][] = [];
	for (let at = 0; at < bytes.length; ) {
		const length = Number(bytes.readBigUInt64LE(at));
		const event = fields(bytes.subarray(at + 12, at + 12 + length));
		for (const value of event.has(5) ? (fields(event.get(5)?.[0] as Buffer).get(1) ?? []) : []) {
			const parts = fields(value as Buffer);
			if (parts.has(2))
				found.push([String(parts.get(1)?.[0]), event.get(2)?.[0] as number, parts.get(2)?.[0] as number]);
		}
		at += 16 + length;
	}
	return found;
}

test("losses and steps are read back by an independent reader, large steps too", async (t) => {
	const folder = await temporaryFolder(t);
	{
		await using log = await TensorboardLog.start(folder, 0, 0);
		log.scalars(1, 0.5, { "D/loss_real": -0.25, "G/loss": 3 });
		log.scalars(70_000, 9, { "G/loss": 1e-3 });
	}
	const [name = ""] = await readdir(folder);
	t.regex(name, /^events\.out\.tfevents\.\d+\./);
	t.deepEqual(await scalarsOf(join(folder, name)), [
		["D/loss_real", 1, -0.25],
		["G/loss", 1, 3],
		["G/loss", 70_000, Math.fround(1e-3)],
	]);
});

// Where FOVEA_TORCH names a Python with TensorBoard (.ci/run does), TensorBoard itself reads what was written.
const python = process.env["FOVEA_TORCH"];
if (python !== undefined && python !== "") {
	test("TensorBoard reads losses and sheets, and a resumed run takes the place of what was told after its start", async (t) => {
		t.timeout(120_000);
		const folder = await temporaryFolder(t);
		{
			await using log = await TensorboardLog.start(folder, 0, 0);
			for (let step = 1; step <= 5; step += 1) log.scalars(step, step, { "G/loss": step });
			await log.sheet(5, 5, "samples", sheet);
		}
		{
			await using log = await TensorboardLog.start(folder, 3, 3);
			for (let step = 4; step <= 6; step += 1) log.scalars(step, step, { "G/loss": 10 * step });
		}
		const read = JSON.parse(
			execFileSync(python, [join("test", "python", "read_tensorboard.py"), folder], {
				encoding: "utf8",
				stdio: "pipe",
			}),
		);
		t.deepEqual(read.scalars["G/loss"], [
			[1, 1],
			[2, 2],
			[3, 3],
			[4, 40],
			[5, 50],
			[6, 60],
		]);
		// The sheet of step 5 was void with its run; one is written anew and read.
		{
			await using log = await TensorboardLog.start(folder, 6, 6);
			await log.sheet(7, 7, "samples", sheet);
		}
		const again = JSON.parse(
			execFileSync(python, [join("test", "python", "read_tensorboard.py"), folder], {
				encoding: "utf8",
				stdio: "pipe",
			}),
		);
		const [step, width, height, kind] = again.images["samples"][0];
		t.deepEqual([again.images["samples"].length, step, kind], [1, 7, "PNG"]);
		t.true(width > 0 && height > 0);
	});
}
