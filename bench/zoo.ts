/**
 * Trains the small checkpoints in zoo/: `npm run zoo`, or `npm run zoo -- cca-gan`. Each is seed 1 of a smoke preset, on drawn
 * pictures. Beside it lie its scores where its paper's smoke experiment takes minutes, else its last losses. Of the
 * checkpoint the networks are kept, without the optimisers' states. Interrupted, the same command goes on.
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readHeader, writeCheckpoint } from "../harness/checkpoint.ts";
import { brains } from "../harness/datasets/brains.ts";
import type { Split } from "../harness/datasets/dataset.ts";
import { faces } from "../harness/datasets/faces.ts";
import { horses } from "../harness/datasets/horses.ts";
import { writeAtomically } from "../harness/files.ts";
import { writePng } from "../harness/pictures.ts";
import { reportJson } from "../harness/report.ts";
import { parseReproduction } from "../harness/reproduce.ts";
import { resizeBytes } from "../harness/resize.ts";
import { readSafetensors } from "../harness/safetensors.ts";
import { readResult, type TrainingResult } from "../harness/training-run.ts";

interface Entry {
	readonly system: string;
	/** Whether the whole smoke experiment of its paper is run, for the scores, or this one training. */
	readonly experiment: boolean;
	/** A few pictures of its test data, [side, side, channels] bytes, never trained on. */
	readonly inputs: () => Promise<{ readonly pixels: Uint8Array; readonly side: number }[]>;
	/** Options of `fovea generate` besides. */
	readonly generate: readonly string[];
}

const count = 4;
const test: Split = "test";
const numbers = Array.from({ length: count }, (_, index) => index);
/** As the smoke presets have it. */
const side = 32;

async function drawnFaces() {
	const data = faces({ size: side, count: { test: count } });
	return Promise.all(numbers.map(async (index) => ({ pixels: (await data.read(test, index)).pixels, side })));
}

const entries: readonly Entry[] = [
	{ system: "cca-gan", experiment: true, inputs: drawnFaces, generate: ["--edit", "Black_Hair,Blond_Hair"] },
	{
		...{ system: "sag-gan", experiment: false, generate: [] },
		inputs: async () => {
			const data = brains({ size: side, count: { test: 4 * count } });
			const healthy = Array.from({ length: 4 * count }, (_, index) => index).filter(
				(index) => data.label(test, index)[0] === 0,
			);
			return Promise.all(
				healthy.slice(0, count).map(async (index) => ({ pixels: (await data.read(test, index)).pixels, side })),
			);
		},
	},
	{
		...{ system: "aga-gan", experiment: false, generate: ["--source", "Smiling"] },
		inputs: async () => {
			const small = 4;
			return (await drawnFaces()).map(({ pixels }) => ({
				pixels: resizeBytes(pixels, 3, [side, side], [small, small], "bicubic"),
				side: small,
			}));
		},
	},
	{
		...{ system: "attention-gan", experiment: false, generate: [] },
		inputs: async () => {
			const data = horses({ size: side, count: { test: count } });
			return Promise.all(numbers.map(async (index) => ({ pixels: (await data.read(test, "a", index)).pixels, side })));
		},
	},
];

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Trains; gives the training's folder and what is known of it. */
async function trained({ system, experiment }: Entry) {
	const out = join(root, "out", "zoo", system);
	if (!experiment) {
		const words = ["train", system, "--preset", "smoke", "--seed", "1"];
		await fovea([...words, "--resume", "--out", out]);
		const { losses } = (await readResult(join(out, "training.json"))) as TrainingResult;
		return { words, folder: out, about: { losses } };
	}
	const words = ["reproduce", system, "--preset", "smoke", "--seeds", "1"];
	await fovea([...words, "--out", out]);
	const path = join(out, "report.json");
	const { trainings } = parseReproduction(JSON.parse(await readFile(path, "utf8")), path);
	const training = trainings.find((one) => one.system === system);
	if (training === undefined) throw new Error(`${path}: must hold a training of ${system}, got none`);
	const { folder, scores, belowFloor } = training;
	return { words, folder: join(out, folder), about: { ...(belowFloor === undefined ? {} : { belowFloor }), scores } };
}

async function make(entry: Entry): Promise<void> {
	const { system, inputs, generate } = entry;
	const { words, folder: source, about } = await trained(entry);
	const header = await readHeader(source);
	const { tensors } = await readSafetensors(join(source, "checkpoint.safetensors"));
	const networks = [...tensors].filter(([name]) => !/^(optimizer|memory)\//.test(name));
	const kept = networks.map(([name, { shape, values }]) => [name, { shape, data: Float32Array.from(values) }] as const);
	const folder = join(root, "zoo", system);
	await writeCheckpoint(folder, Object.fromEntries(kept), header);
	for (const [index, { pixels, side }] of (await inputs()).entries()) {
		const channels = pixels.length === side * side ? 1 : 3;
		await writePng(join(folder, "input", `${index + 1}.png`), pixels, { height: side, width: side, channels });
	}
	const place = `--checkpoint zoo/${system} --input zoo/${system}/input --out out/${system}`;
	const commands = {
		trained: `fovea ${words.join(" ")}`,
		apply: `fovea generate ${system} ${[place, ...generate].join(" ")}`,
	};
	const { seed, step, settings } = header;
	await writeAtomically(
		join(folder, "zoo.json"),
		reportJson({ system, ...commands, seed, steps: step, settings, ...about }),
	);
}

function fovea(words: readonly string[]): Promise<void> {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, [join(root, "build", "harness", "cli.js"), ...words], {
			stdio: ["ignore", "ignore", "inherit"],
		});
		child.once("error", reject);
		// 1 says that a claim was not held, which so short a training may well show.
		child.once("exit", (code) =>
			code === 0 || code === 1 ? resolve() : reject(new Error(`fovea ${words.join(" ")}: must end well, got ${code}`)),
		);
	});
}

const asked = process.argv.slice(2);
for (const entry of entries) if (asked.length === 0 || asked.includes(entry.system)) await make(entry);
