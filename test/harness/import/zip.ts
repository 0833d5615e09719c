import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { zipSync } from "fflate";
import { readTorch } from "../../../harness/import/torch.ts";
import { Zip } from "../../../harness/import/zip.ts";
import { archiveOf, pickleOf } from "../../helpers/torch-file.ts";

const files = { "a/one": Buffer.from("one"), "a/two": Buffer.alloc(5000, "two") };

test("stored and deflated entries are read, and names listed in order", (t) => {
	for (const level of [0, 9] as const) {
		const zip = new Zip(zipSync(files, { level }), "a.zip");
		t.deepEqual(zip.names, ["a/one", "a/two"]);
		t.is(zip.read("a/one").toString(), "one");
		t.deepEqual(zip.read("a/two"), Buffer.alloc(5000, "two"));
		t.throws(() => zip.read("a/three"), { message: /^a\.zip: entry a\/three must be in the archive/ });
	}
});

test("an archive cut off anywhere is refused by name", (t) => {
	const bytes = readFileSync(join("fixtures", "pth", "zip.pth"));
	for (const length of [4, 100, 1000, bytes.length - 30, bytes.length - 1]) {
		const error = t.throws(() => readTorch(bytes.subarray(0, length), "cut.pth"));
		t.regex(error?.message ?? "", /^cut\.pth: must be a whole zip archive, got /);
	}
});

test("a changed byte of an entry is refused by its checksum", (t) => {
	const bytes = Buffer.from(zipSync(files, { level: 0 }));
	bytes[bytes.indexOf("twotwo") + 10] = 0;
	const zip = new Zip(bytes, "a.zip");
	t.throws(() => zip.read("a/two"), {
		message: /^a\.zip: entry a\/two must have the checksum [0-9a-f]{8}, got .*damaged$/,
	});
});

test("a bomb is refused by its ratio before it is unpacked", (t) => {
	const bomb = archiveOf(pickleOf({ a: { length: 4, shape: [4], stride: [1] } }), [new Uint8Array(40 << 20)], 9);
	t.true(bomb.length < 100_000);
	t.throws(() => readTorch(bomb, "bomb.pth"), {
		message: /^bomb\.pth: entry archive\/data\/0 must unpack to at most 200 times .* a zip bomb$/,
	});
});

test("an entry that unpacks to more than it declares is refused", (t) => {
	const bytes = Buffer.from(zipSync({ "a/two": Buffer.alloc(500_000, "two") }, { level: 9 }));
	const directory = bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
	bytes.writeUInt32LE(1000, directory + 24);
	t.throws(() => new Zip(bytes, "a.zip").read("a/two"), {
		message: /must unpack to the 1000 bytes that are declared, got more/,
	});
});

test("limits on entries and on bytes are kept", (t) => {
	const bytes = zipSync(files);
	t.throws(() => new Zip(bytes, "a.zip", { entries: 1 }), { message: /at most 1 entries, got 2/ });
	t.throws(() => new Zip(bytes, "a.zip", { bytes: 5000 }), { message: /at most 5000 bytes, got 5003/ });
});

test("entries that share bytes are refused", (t) => {
	const bytes = Buffer.from(zipSync({ "a/one": Buffer.alloc(100), "a/two": Buffer.alloc(100, 1) }, { level: 0 }));
	const first = bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
	// The first entry now reaches into the second.
	for (const field of [20, 24]) bytes.writeUInt32LE(180, first + field);
	t.throws(() => new Zip(bytes, "a.zip"), { message: /a\/one over the bytes of another entry/ });
	const second = bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2]), first + 4);
	bytes.writeUInt32LE(bytes.readUInt32LE(first + 42), second + 42);
	t.throws(() => new Zip(bytes, "a.zip"), { message: /a\/two with a header of a\/one/ });
});

test("encrypted entries, other methods and two of one name are refused", (t) => {
	const change = (at: number, value: number) => {
		const bytes = Buffer.from(zipSync(files, { level: 0 }));
		bytes.writeUInt16LE(value, bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + at);
		return bytes;
	};
	t.throws(() => new Zip(change(8, 1), "a.zip"), { message: /a\/one encrypted/ });
	t.throws(() => new Zip(change(10, 12), "a.zip"), { message: /packed by method 12/ });
	const twice = Buffer.from(zipSync(files, { level: 0 }));
	for (let at = twice.indexOf("a/two"); at >= 0; at = twice.indexOf("a/two", at + 1)) twice.write("a/one", at);
	t.throws(() => new Zip(twice, "a.zip"), { message: /two entries named a\/one/ });
});
