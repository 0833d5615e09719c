import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "ava";
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
		const { cases, failed, unsupported } = await run(goldens);
		for (const { file, quantities, error } of cases) {
			const wrong = quantities.filter(({ pass }) => !pass).map(({ name, relativeError }) => `${name} ${relativeError}`);
			t.deepEqual([error, wrong], [undefined, []], `${engine}: ${file}`);
		}
		t.is(failed, 0);
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

test.serial("one wrong value in a million fails its quantity", async (t) => {
	const folder = await folderOf({ "ccagan/module.safetensors": "ccagan/module.safetensors" });
	const path = join(folder, "ccagan/module.safetensors");
	const bytes = await readFile(path);
	const headerLength = Number(bytes.readBigUInt64LE(0));
	const header = JSON.parse(bytes.toString("utf8", 8, 8 + headerLength));
	const start = 8 + headerLength + header["output/feature"].data_offsets[0];
	bytes.writeFloatLE(bytes.readFloatLE(start) + 0.01, start);
	await writeFile(path, bytes);
	const { cases, failed } = await run(folder);
	t.is(failed, 1);
	const wrong = cases[0]?.quantities.filter(({ pass }) => !pass).map(({ name }) => name);
	t.deepEqual(wrong, ["output/feature"]);
	await rm(folder, { recursive: true });
});

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
	await rm(folder, { recursive: true });
});
