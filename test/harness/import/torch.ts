import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { readTorch } from "../../../harness/import/torch.ts";
import { readSafetensors } from "../../helpers/golden.ts";
import { archiveOf, pickle, pickleOf } from "../../helpers/torch-file.ts";

const fixtures = join("fixtures", "pth");
const golden = readSafetensors(join("fixtures", "golden", "ccagan", "module_c8.safetensors"));
const weights = [...golden].filter(([name]) => name.startsWith("weight/"));

/** Forms in which real PyTorch wrote the same weights, the prefix it put in front of names, and what its type loses. */
const forms: readonly (readonly [file: string, prefix: string, relative: number])[] = [
	["zip", "", 0],
	["legacy", "", 0],
	["protocol-4", "", 0],
	["views", "", 0],
	["views-legacy", "", 0],
	["parameters", "", 0],
	["counted", "", 0],
	["double", "", 0],
	["wrapped", "state_dict.module.", 0],
	["wrapped-legacy", "state_dict.module.", 0],
	// Half a unit in the last place of 11 and of 8 bits.
	["half", "", 2 ** -11],
	["bfloat16", "", 2 ** -8],
];
for (const [file, prefix, relative] of forms) {
	test(`${file}.pth of PyTorch 2.15 holds the weights that were given to it`, (t) => {
		const path = join(fixtures, `${file}.pth`);
		const read = readTorch(readFileSync(path), path);
		t.truthy(read);
		for (const [name, { shape, data }] of weights) {
			const tensor = read?.tensors.get(`${prefix}${name.slice("weight/".length)}`)?.read();
			t.deepEqual(tensor?.shape, shape, name);
			for (const [index, value] of [...(data as Float32Array)].entries()) {
				const error = Math.abs((tensor?.data[index] as number) - value);
				// Half precision has no numbers finer than 2^-24.
				t.true(error <= Math.abs(value) * relative + (relative === 0 ? 0 : 2 ** -25), `${name}[${index}]`);
			}
		}
	});
}

test("a whole number of 64 bits keeps its value", (t) => {
	const path = join(fixtures, "counted.pth");
	t.deepEqual(
		[...(readTorch(readFileSync(path), path)?.tensors.get("num_batches_tracked")?.read().data ?? [])],
		[2 ** 40],
	);
});

test("bytes of another kind are left to other readers", (t) => {
	t.is(readTorch(Buffer.from("{}"), "x"), undefined);
});

const { start, stop, mark, tuple, reduce, text, global } = pickle;
const call = (module: string, name: string, argument: string) =>
	Uint8Array.from([...start, ...global(module, name), ...mark, ...text(argument), ...tuple, ...reduce, ...stop]);
const one = { length: 4, shape: [2, 2], stride: [2, 1] };
const four = new Uint8Array(16);
const refusals: readonly (readonly [what: string, bytes: Uint8Array, message: RegExp])[] = [
	[
		"a call of os.system",
		archiveOf(call("os", "system", "touch /tmp/fovea-was-here")),
		/the class or function os\.system/,
	],
	["a call of posix.system", archiveOf(call("posix", "system", "true")), /the class or function posix\.system/],
	["a call of eval", archiveOf(call("builtins", "eval", "1")), /the class or function builtins\.eval/],
	[
		"a call by the old opcode",
		archiveOf(Uint8Array.from([...start, ...mark, 0x69, ...Buffer.from("os\nsystem\n"), ...stop])),
		/the class or function os\.system/,
	],
	[
		"a model instead of its weights",
		archiveOf(call("models.networks", "Generator", "")),
		/models\.networks\.Generator/,
	],
	[
		"a new object",
		archiveOf(Uint8Array.from([...start, ...global("torch", "Size"), 0x29, 0x81, ...stop])),
		/0x81 \(NEWOBJ\)/,
	],
	["a call of what is only named", archiveOf(call("torch", "FloatStorage", "x")), /a call of torch\.FloatStorage/],
	["a pickle cut off", archiveOf(pickleOf({ a: one }).subarray(0, 40), [four]), /must be a whole pickle/],
	[
		"a pickle without tensors",
		archiveOf(Uint8Array.from([...start, ...pickle.dict, ...stop])),
		/must hold tensors, got none/,
	],
	["a tensor beyond its storage", archiveOf(pickleOf({ a: { ...one, offset: 1 } }), [four]), /got place 4/],
	[
		"a tensor that repeats one value",
		archiveOf(pickleOf({ a: { length: 1, shape: [1e6, 1e3], stride: [0, 0] } }), [four]),
		/without end/,
	],
	["fewer strides than axes", archiveOf(pickleOf({ a: { ...one, stride: [1] } }), [four]), /as many strides as axes/],
	["a negative stride", archiveOf(pickleOf({ a: { ...one, stride: [-2, 1] } }), [four]), /got other values/],
];
for (const [what, bytes, message] of refusals) {
	test(`${what} is refused by name`, (t) => {
		const error = t.throws(() => readTorch(bytes, "bad.pth"));
		t.regex(error?.message ?? "", message);
		t.regex(error?.message ?? "", /^bad\.pth: .*\S$/);
	});
}

test("a storage that is not as long as said is refused when it is read", (t) => {
	const read = readTorch(archiveOf(pickleOf({ a: one }), [new Uint8Array(12)]), "bad.pth");
	t.throws(() => read?.tensors.get("a")?.read(), { message: "bad.pth: storage 0 must have 16 bytes, got 12" });
});

test("a dict that holds itself is refused", (t) => {
	// {"a": itself}, by way of the memo.
	const bytes = [...start, ...pickle.dict, 0x71, 0, ...text("a"), 0x68, 0, 0x73, ...stop];
	t.throws(() => readTorch(archiveOf(Uint8Array.from(bytes)), "bad.pth"), { message: /must not hold themselves/ });
});

test("tuples a million deep are refused before they fill the stack", (t) => {
	const depth = 1_000_000;
	const bytes = new Uint8Array(start.length + 2 * depth + stop.length);
	bytes.set(start);
	bytes.fill(mark[0] as number, start.length, start.length + depth);
	bytes.fill(tuple[0] as number, start.length + depth, start.length + 2 * depth);
	bytes.set(stop, start.length + 2 * depth);
	t.throws(() => readTorch(archiveOf(bytes), "bad.pth"), {
		message: "bad.pth: dicts must lie at most 64 deep, got one deeper",
	});
});

test("dicts that multiply are refused before they fill the memory", (t) => {
	// Twenty-six dicts, each of which holds the one before twice.
	const bytes: number[] = [...start, ...pickle.dict, 0x71, 0];
	for (let level = 1; level <= 26; level += 1) {
		const before = [0x68, level - 1];
		bytes.push(
			...pickle.dict,
			0x71,
			level,
			...mark,
			...text("a"),
			...before,
			...text("b"),
			...before,
			...pickle.setItems,
		);
	}
	const innermost = [...text("a"), ...text("b")];
	bytes.splice(5, 0, ...mark, ...innermost, ...pickle.setItems);
	t.throws(() => readTorch(archiveOf(Uint8Array.from([...bytes, ...stop])), "bad.pth"), {
		message: /at most a million/,
	});
});

test("the older form cut off is refused by name", (t) => {
	const bytes = readFileSync(join(fixtures, "legacy.pth"));
	t.throws(() => readTorch(bytes.subarray(0, bytes.length - 3), "cut.pth"), {
		message: /^cut\.pth: storage \d+ must have/,
	});
	t.throws(() => readTorch(bytes.subarray(0, 300), "cut.pth"), { message: /^cut\.pth: must be a whole pickle/ });
});

test("the tar form is refused with what to do", (t) => {
	const bytes = Buffer.alloc(1024);
	bytes.write("ustar", 257);
	t.throws(() => readTorch(bytes, "old.pth"), { message: /^old\.pth: .*tar form.*save it again/ });
});
