/**
 * Trains the small checkpoints in zoo/ and scores them: `npm run zoo`, or `npm run zoo -- cca-gan stargan`. Each is seed 1 of a
 * smoke preset, a minute or so on pictures that may be shipped. Of a training the networks are kept that it is applied with, in
 * half precision; scores and sample are of just what is kept. Interrupted, the same command goes on. With `--scores` nothing
 * is trained: what is there is scored and drawn again.
 */
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { currentEngine, startEngine } from "../engine/engine.ts";
import type { TorchArray } from "../engine/parameters.ts";
import { checkpointFile, readHeader, writeCheckpoint } from "../harness/checkpoint.ts";
import { writeAtomically } from "../harness/files.ts";
import { generate } from "../harness/generate/generate.ts";
import { openModel } from "../harness/generate/model.ts";
import { writePicture } from "../harness/generate/write.ts";
import { reportJson } from "../harness/report.ts";
import { readSafetensors } from "../harness/safetensors.ts";
import { writeSheet } from "../harness/sheet.ts";
import { runTraining } from "../harness/training-run.ts";
import { entries, generateWords, seed } from "./zoo/entries.ts";
import type { Entry } from "./zoo/entry.ts";
import { writePage } from "./zoo/page.ts";
import { sampleSheet } from "./zoo/sample.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const zoo = join(root, "zoo");
const trainings = join("out", "zoo");

/** Trains to the end, or goes on; what it starts from is trained before it. */
async function train({ system, from, training }: Entry): Promise<void> {
	const start = entries.find((entry) => entry.system === from);
	if (start !== undefined) await train(start);
	const prepared = await training(seed, from === undefined ? undefined : join(root, trainings, from));
	using gan = prepared.gan;
	const out = join(root, trainings, system);
	let told = performance.now();
	for await (const { step, steps, losses } of runTraining(prepared, { out, seed, resume: true })) {
		if (performance.now() - told < 10_000 && step < steps) continue;
		told = performance.now();
		const text = Object.entries(losses).map(([name, value]) => `${name} ${value.toFixed(3)}`);
		process.stderr.write(`${gan.id} ${step}/${steps}: ${text.join(" ")}\n`);
	}
}

/** Writes the folder anew: the networks in half precision, and the inputs. */
async function keep({ system, networks, memories = {}, options, inputs }: Entry): Promise<void> {
	const source = join(root, trainings, system);
	const folder = join(zoo, system);
	const header = await readHeader(source);
	const { tensors } = await readSafetensors(checkpointFile(source));
	const kept: Record<string, TorchArray> = {};
	const take = (name: string, as: string) => {
		const tensor = tensors.get(name);
		if (tensor === undefined) throw new RangeError(`${source}: must hold ${name}, got no such tensor`);
		kept[as] = { shape: tensor.shape, data: Float32Array.from(tensor.values) };
	};
	for (const [as, network] of Object.entries(networks)) {
		const names = [...tensors.keys()].filter((name) => name.startsWith(`${network}.`));
		for (const name of names) take(name, `${as}${name.slice(network.length)}`);
	}
	for (const [as, memory] of Object.entries(memories)) take(`memory/${memory}`, `memory/${as}`);
	const known = options ?? header.options ?? (await optionsOf(source));
	await rm(folder, { recursive: true, force: true });
	await writeCheckpoint(folder, kept, { ...header, system, options: known }, {}, { dtype: "F16" });
	for (const [index, picture] of ((await inputs?.()) ?? []).entries()) {
		await writePicture(join(folder, "input", `${index + 1}.png`), picture);
	}
}

/** Those that its shapes say. */
async function optionsOf(folder: string) {
	using model = await openModel(folder);
	return model.options;
}

/** Scores what the folder holds, draws its sample, and writes down where both are from. */
async function describe(entry: Entry): Promise<void> {
	const { system, inputs, flags, from } = entry;
	const folder = join(zoo, system);
	const place = `--checkpoint zoo/${system}${inputs === undefined ? "" : ` --input zoo/${system}/input`}`;
	using model = await openModel(folder);
	const { step, settings, options } = await readHeader(folder);
	const { name, version } = currentEngine();
	const start = from === undefined ? "" : ` --from ${trainings}/${from}`;
	const more = (flags ?? []).map((flag) => ` ${flag}`).join("");
	const preset = `fovea train ${system} --preset smoke --seed ${seed}${more}${start} --out ${trainings}/${system}`;
	const apply = `fovea generate ${system} ${place} --out out/${system} ${generateWords(entry).join(" ")}`.trim();
	await writeAtomically(
		join(folder, "zoo.json"),
		reportJson({
			...{ system, made: `npm run zoo -- ${system}`, ...(flags === undefined ? {} : { training: preset }), apply },
			...{ seed, steps: step, settings, options, engine: { name, version } },
			...(await entry.judge(model.gan)),
		}),
	);
	const out = join(root, "out", "zoo-sample", system);
	await rm(out, { recursive: true, force: true });
	const input = inputs === undefined ? undefined : join(folder, "input");
	const made = await generate(model, { ...entry.generate, input, out });
	await writeSheet(join(folder, "sample.png"), await sampleSheet(entry, made, { out, input }));
}

const words = process.argv.slice(2);
const asked = words.filter((word) => word !== "--scores");
for (const name of asked) {
	if (entries.some(({ system }) => system === name)) continue;
	throw new RangeError(`zoo: must be one of ${entries.map(({ system }) => system).join(", ")}, got ${name}`);
}
await startEngine();
for (const entry of entries) {
	if (asked.length > 0 && !asked.includes(entry.system)) continue;
	if (!words.includes("--scores")) {
		await train(entry);
		await keep(entry);
	}
	await describe(entry);
}
await writePage(
	zoo,
	entries.filter(({ system }) => existsSync(join(zoo, system, "zoo.json"))),
	async (system) => JSON.parse(await readFile(join(zoo, system, "zoo.json"), "utf8")),
);
