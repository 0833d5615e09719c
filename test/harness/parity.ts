import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { hasNativeKernels } from "../../engine/tensorflow/native.ts";
import { type ParityReport, parity } from "../../harness/parity.ts";
import { onEngines } from "../helpers/engines.ts";

const goldens = join(import.meta.dirname, "../../../fixtures/golden");

async function run(folder: string): Promise<ParityReport> {
	const cases = parity(folder);
	let next = await cases.next();
	while (!next.done) next = await cases.next();
	return next.value;
}

/** A folder with copies of goldens under other names. */
async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), "fovea-"));
	for (const [name, golden] of Object.entries(files)) {
		await mkdir(dirname(join(folder, name)), { recursive: true });
		await copyFile(join(goldens, golden), join(folder, name));
	}
	return folder;
}

test.serial("every golden passes: outputs, gradients, losses and trained weights", async (t) => {
	await onEngines(async (engine) => {
		// Inputs of its ReLUs lie within rounding of zero; with TensorFlow's own kernels some fall on the other side.
		const flipped = (file: string) =>
			engine === "tensorflow" && !hasNativeKernels() && file === "stargan/train_step.safetensors";
		const { cases, unsupported } = await run(goldens);
		for (const { file, quantities, error } of cases) {
			if (flipped(file)) {
				t.log(`${file} is not compared: fovea engine install has not compiled our kernels`);
				continue;
			}
			const wrong = quantities.filter(({ pass }) => !pass).map(({ name, relativeError }) => `${name} ${relativeError}`);
			t.deepEqual([error, wrong], [undefined, []], `${engine}: ${file}`);
		}
		t.deepEqual(unsupported, []);
	});
});

test.serial("a case is named by its folder and file, and compares all that is stored but noise", async (t) => {
	const folder = await folderOf({ "ccagan/module.safetensors": "ccagan/module.safetensors" });
	const { cases } = await run(folder);
	t.is(cases[0]?.system, "ccagan");
	t.is(cases[0]?.part, "module");
	// Two outputs, one loss, nine parameters without the key's bias, one input.
	t.is(cases[0]?.quantities.length, 12);
	t.false(cases[0]?.quantities.some(({ name }) => name === "grad/k.bias"));
	await rm(folder, { recursive: true });
});

type Header = Record<string, { data_offsets: [number, number] }> & { __metadata__: Record<string, string> };

/** What a run says of `ccagan/module` after a change of its bytes. */
async function runChanged(t: ExecutionContext, change: (header: Header, data: Buffer) => void): Promise<ParityReport> {
	const folder = await folderOf({ "ccagan/module.safetensors": "ccagan/module.safetensors" });
	t.teardown(() => rm(folder, { recursive: true }));
	const path = join(folder, "ccagan/module.safetensors");
	const bytes = await readFile(path);
	const length = Number(bytes.readBigUInt64LE(0));
	const header: Header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
	const data = bytes.subarray(8 + length);
	change(header, data);
	const text = Buffer.from(JSON.stringify(header));
	const size = Buffer.alloc(8);
	size.writeBigUInt64LE(BigInt(text.length));
	await writeFile(path, Buffer.concat([size, text, data]));
	return run(folder);
}

const firstOf = (header: Header, name: string) => header[name]?.data_offsets[0] as number;

for (const [what, change] of [
	["off by a hundredth", (value: number) => value + 0.01],
	["infinite", () => Number.POSITIVE_INFINITY],
	["not a number", () => Number.NaN],
] as const) {
	test.serial(`one stored value that is ${what} fails its quantity alone`, async (t) => {
		for (const name of ["output/feature", "grad/q.weight", "loss/total"]) {
			const { cases, failed } = await runChanged(t, (header, data) => {
				const start = firstOf(header, name);
				data.writeFloatLE(change(data.readFloatLE(start)), start);
			});
			t.is(failed, 1);
			t.deepEqual(
				cases[0]?.quantities.filter(({ pass }) => !pass).map((quantity) => quantity.name),
				[name],
			);
		}
	});
}

test.serial("a weight that is not a number fails what it reaches", async (t) => {
	const { failed } = await runChanged(t, (header, data) => {
		data.writeFloatLE(Number.NaN, firstOf(header, "weight/q.weight"));
	});
	t.is(failed, 1);
});

test.serial("a file of which rounding decides every result is unsupported, not passed", async (t) => {
	const { passed, unsupported } = await runChanged(t, (header) => {
		header.__metadata__["noise_keys"] = JSON.stringify(Object.keys(header));
	});
	t.is(passed, 0);
	t.regex(unsupported[0]?.why ?? "", /must hold results that rounding does not decide, got none/);
});

test.serial("results that differ under a setting that no builder knows are unsupported, and it is named", async (t) => {
	const setting = (header: Header) => {
		const config = JSON.parse(header.__metadata__["config"] as string);
		header.__metadata__["config"] = JSON.stringify({ ...config, use_dropout: true });
	};
	// As long as the numbers agree it is met.
	t.is((await runChanged(t, setting)).passed, 1);
	const { passed, failed, unsupported } = await runChanged(t, (header, data) => {
		setting(header);
		data.writeFloatLE(9, firstOf(header, "output/feature"));
	});
	t.deepEqual([passed, failed], [0, 0]);
	t.regex(unsupported[0]?.why ?? "", /config\.use_dropout must be one that a builder knows/);
});

for (const [value, message] of [
	[-1, /config\.channels must be a whole number from 0 on, got -1/],
	[1.5, /config\.channels must be a whole number from 0 on, got 1\.5/],
] as const) {
	test.serial(`a width of ${value} is unsupported`, async (t) => {
		const { unsupported } = await runChanged(t, (header) => {
			header.__metadata__["config"] = JSON.stringify({ channels: value });
		});
		t.regex(unsupported[0]?.why ?? "", message);
	});
}

test.serial("an unknown folder, part or setting is unsupported, never passed", async (t) => {
	const folder = await folderOf({
		"mystery/module.safetensors": "ccagan/module.safetensors",
		"ccagan/oracle.safetensors": "ccagan/module.safetensors",
		"stargan/generator.safetensors": "ccagan/module.safetensors",
	});
	const { passed, failed, unsupported } = await run(folder);
	t.deepEqual([passed, failed], [0, 0]);
	t.deepEqual(
		unsupported.map(({ file }) => file),
		["ccagan/oracle.safetensors", "mystery/module.safetensors", "stargan/generator.safetensors"],
	);
	t.regex(unsupported[2]?.why ?? "", /config\.conv_dim must be a number, got undefined/);
	await rm(folder, { recursive: true });
});

test.serial("weights of another network fail with the names that differ", async (t) => {
	const folder = await folderOf({ "stargan/discriminator.safetensors": "ccagan/discriminator.safetensors" });
	const { cases, failed } = await run(folder);
	t.is(failed, 1);
	t.regex(cases[0]?.error ?? "", /not in the network: cca\./);
	await rm(folder, { recursive: true });
});

test("a folder without goldens is refused", async (t) => {
	const folder = await mkdtemp(join(tmpdir(), "fovea-"));
	await t.throwsAsync(run(folder), { message: /must hold \.safetensors files, got none/ });
	await t.throwsAsync(run(join(folder, "none")), { message: /must be a folder of goldens, got nothing of that name$/ });
	await rm(folder, { recursive: true });
});
