import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { parseRecord, Wheel } from "../../../engine/tensorflow/wheel.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";
import { smallTensorflow, wheelOf } from "../../helpers/wheels.ts";

async function unpack(path: string, folder: string, wanted = (_: string) => true): Promise<number> {
	await using wheel = await Wheel.open(path);
	let last = 0;
	for await (const { done, total } of wheel.unpack(wanted, folder)) {
		last = done;
		if (done > total) throw new Error("more done than there is");
	}
	return last;
}

test("the wanted files of a wheel come out with their bytes", async (t) => {
	const folder = await temporaryFolder(t);
	const path = join(folder, "a.whl");
	await writeFile(path, wheelOf(smallTensorflow));
	const done = await unpack(path, folder, (name) => name.startsWith("tensorflow/lib"));
	t.is(done, 400_000);
	for (const name of ["tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"]) {
		t.deepEqual(await readFile(join(folder, name)), smallTensorflow[name] as Buffer);
	}
	await t.throwsAsync(readFile(join(folder, "tensorflow/python/large.py")), { code: "ENOENT" });
});

test("a wheel cut short anywhere is refused", async (t) => {
	const folder = await temporaryFolder(t);
	const whole = wheelOf(smallTensorflow);
	for (const share of [0, 0.1, 0.5, 0.9, 0.999]) {
		const path = join(folder, `${share}.whl`);
		await writeFile(path, whole.subarray(0, Math.floor(whole.length * share)));
		await t.throwsAsync(unpack(path, folder), { message: /must be a whole zip archive/ }, `${share} of it`);
	}
});

test("a wheel with one wrong byte in a file is refused", async (t) => {
	const folder = await temporaryFolder(t);
	const whole = wheelOf(smallTensorflow);
	// Inside the first file's compressed bytes: after its header of 30 bytes and its name.
	const at = 30 + "tensorflow/libtensorflow_cc.so.2".length + 20;
	whole[at] = (whole[at] as number) ^ 0xff;
	const path = join(folder, "a.whl");
	await writeFile(path, whole);
	await t.throwsAsync(unpack(path, folder));
});

test("a file that is not the one its RECORD names is refused as damaged", async (t) => {
	const folder = await temporaryFolder(t);
	const path = join(folder, "a.whl");
	await writeFile(path, wheelOf(smallTensorflow, "tensorflow/libtensorflow_cc.so.2"));
	await t.throwsAsync(unpack(path, folder), { message: /libtensorflow_cc\.so\.2 in .* the file is damaged/ });
});

test("a wheel cannot write outside its folder", async (t) => {
	const folder = await temporaryFolder(t);
	const path = join(folder, "a.whl");
	await writeFile(path, wheelOf({ "tensorflow/../../escaped": Buffer.from("x") }));
	await t.throwsAsync(unpack(path, join(folder, "inside")), { message: /must stay in its folder/ });
});

test("RECORD lines give a hash per file, quoted names too", (t) => {
	const hashes = parseRecord('a/b.py,sha256=AbC-_1,12\r\n"a/with,comma.py",sha256=x,3\na/RECORD,,\n');
	t.deepEqual(
		[...hashes],
		[
			["a/b.py", "AbC-_1"],
			["a/with,comma.py", "x"],
		],
	);
});
