import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import test, { type ExecutionContext } from "ava";
import sharp from "sharp";
import { startEngine } from "../../../engine/engine.ts";
import { upsampleNearest } from "../../../engine/ops/upsample-nearest.ts";
import { Random } from "../../../engine/random.ts";
import { buildAugmenter } from "../../../harness/augmenters.ts";
import { checkpointFile, readHeader, saveCheckpoint, writeCheckpoint } from "../../../harness/checkpoint.ts";
import { toBytes, toSigned } from "../../../harness/edits.ts";
import { presets } from "../../../harness/experiments/sag-gan.ts";
import type { Predicting } from "../../../harness/generate/classes.ts";
import { type GenerateOptions, generate } from "../../../harness/generate/generate.ts";
import { openModel } from "../../../harness/generate/model.ts";
import { importWeights } from "../../../harness/import/import.ts";
import { readWeights } from "../../../harness/import/read.ts";
import { readSafetensors, writeSafetensors } from "../../../harness/safetensors.ts";
import { findSystem } from "../../../harness/systems.ts";
import { matlabResize } from "../../../metrics/resize/matlab.ts";
import type { Gan, Input } from "../../../models/paper.ts";
import type { Options } from "../../../models/system.ts";
import { onEngines } from "../../helpers/engines.ts";
import { fovea } from "../../helpers/fovea.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

test.before(() => startEngine());

const faces: Options = { imageSize: 16, gConvDim: 4, dConvDim: 4, gRepeatNum: 1, dRepeatNum: 2 };

async function build(id: string, options: Options): Promise<Gan<object>> {
	const { build } = await findSystem(id, "test");
	return build?.({ ...options, seed: 5 }) as Gan<object>;
}

/** A checkpoint of a freshly built system. */
async function checkpoint(t: ExecutionContext, id: string, options: Options, keepsOptions = true): Promise<string> {
	using gan = await build(id, options);
	const folder = await temporaryFolder(t);
	await saveCheckpoint(folder, gan, {
		system: id,
		step: 1,
		seed: 5,
		settings: {},
		...(keepsOptions ? { options } : {}),
	});
	return folder;
}

/** Pictures of drawn noise, [height, width] each. */
async function pictures(
	t: ExecutionContext,
	sizes: Readonly<Record<string, readonly [number, number]>>,
): Promise<string> {
	const folder = await temporaryFolder(t);
	for (const [name, [height, width]] of Object.entries(sizes)) {
		await sharp(pixels(height, width), { raw: { height, width, channels: 3 } })
			.png()
			.toFile(join(folder, name));
	}
	return folder;
}

function pixels(height: number, width: number): Uint8Array {
	const random = Random.seed(height * 1000 + width);
	return Uint8Array.from({ length: height * width * 3 }, () => random.integer(256));
}

async function generated(t: ExecutionContext, folder: string, options: Omit<GenerateOptions, "out">) {
	const out = join(await temporaryFolder(t), "out");
	using model = await openModel(folder);
	const result = await generate(model, { ...options, out });
	const read = async (path: string) => {
		const { data, info } = await sharp(join(out, path)).raw().toBuffer({ resolveWithObject: true });
		return { data, ...info };
	};
	return { ...result, out, read };
}

/** What the system itself makes of one picture whose size it takes. */
function direct(gan: Gan<object>, height: number, width: number, rest: Omit<Input, "images">): Uint8Array {
	return tf.tidy(() => {
		const images = tf.tensor4d(toSigned(pixels(height, width)), [1, height, width, 3]);
		const made = gan.apply?.({ ...rest, images });
		return toBytes(made?.images.dataSync() as Float32Array);
	});
}

test.serial("an edit of a picture is what the system makes of it, and any other size keeps its size", async (t) => {
	await onEngines(async (engine) => {
		const folder = await checkpoint(t, "stargan", faces);
		const input = await pictures(t, { "a.png": [16, 16], "b.png": [21, 13], "c.png": [40, 24] });
		const { pictures: made, read } = await generated(t, folder, {
			input,
			edits: ["Blond_Hair", "Male=0"],
			source: "Black_Hair+Male",
		});
		t.deepEqual(
			made.map(({ result }) => result),
			["a", "b", "c"].flatMap((name) => [`results/${name}-Blond_Hair.png`, `results/${name}-Male=0.png`]),
		);
		for (const [path, width, height] of [
			["results/a-Blond_Hair.png", 16, 16],
			["results/b-Male=0.png", 13, 21],
			["results/c-Male=0.png", 24, 40],
		] as const) {
			t.like(await read(path), { width, height, channels: 3 });
		}
		using gan = await build("stargan", faces);
		// Black hair goes where blond is asked for; the rest of the source's labels stays.
		const blond = tf.tensor2d([[0, 1, 0, 1, 0]]);
		t.deepEqual(
			new Uint8Array((await read("results/a-Blond_Hair.png")).data),
			direct(gan, 16, 16, { labels: blond }),
			engine,
		);
		const woman = tf.tensor2d([[1, 0, 0, 0, 0]]);
		t.deepEqual(
			new Uint8Array((await read("results/a-Male=0.png")).data),
			direct(gan, 16, 16, { labels: woman }),
			engine,
		);
		tf.dispose([blond, woman]);
	});
});

test.serial("masks have the picture's size and lie over it in a sheet with its scale", async (t) => {
	const folder = await checkpoint(t, "cca-gan", faces);
	const input = await pictures(t, { "b.png": [21, 14] });
	const { pictures: made, out } = await generated(t, folder, { input, edits: ["Young"] });
	const maps = made[0]?.maps ?? [];
	// One module in front of each of 3 + 2 + 3 convolutions.
	t.is(maps.length, 8);
	for (const map of maps) {
		t.like(await sharp(join(out, map)).metadata(), { width: 14, height: 21, channels: 1, depth: "uchar" });
	}
	t.deepEqual(await readdir(join(out, "overlays")), ["b-Young.png"]);
	const manifest = JSON.parse(await readFile(join(out, "generated.json"), "utf8"));
	t.is(manifest.system, "cca-gan");
	t.deepEqual(manifest.pictures, JSON.parse(JSON.stringify(made)));
});

test.serial("options that an older checkpoint does not say are found by its shapes", async (t) => {
	const folder = await checkpoint(t, "cca-gan", { ...faces, placement: "block" }, false);
	using model = await openModel(folder);
	t.like(model.options, { ...faces, placement: "block" });
	t.deepEqual(model.absent, []);
});

test.serial(
	"each direction of a two-domain system has its own network, and one that is absent is refused",
	async (t) => {
		const options: Options = { ngf: 4, blocks: 1, ndf: 4 };
		using gan = await build("attention-gan", options);
		const generator = gan.networks["G_A"];
		const path = join(await temporaryFolder(t), "G_A.safetensors");
		await writeSafetensors(
			path,
			Object.fromEntries(
				(generator?.entries() ?? []).map(({ name }) => [
					name,
					generator?.read(name) as { shape: number[]; data: Float32Array },
				]),
			),
		);
		const system = await findSystem("attention-gan", "test");
		const file = await readWeights(path);
		const folder = await temporaryFolder(t);
		await t.throwsAsync(importWeights([{ file }], system, { out: folder }), {
			message: /may be G_A or G_B; say which by G_A=/,
		});
		await importWeights([{ file, network: "G_A" }], system, { out: folder });
		const input = await pictures(t, { "a.png": [32, 32] });
		const { read } = await generated(t, folder, { input, direction: "a-to-b" });
		t.deepEqual(new Uint8Array((await read("results/a.png")).data), direct(gan, 32, 32, { direction: "a-to-b" }));
		await t.throwsAsync(generated(t, folder, { input, direction: "b-to-a" }), {
			message: /must hold the networks that this needs, got none of G_B/,
		});
	},
);

test.serial(
	"a system that starts from noise makes as many pictures as are asked for, the same for a seed",
	async (t) => {
		const folder = await checkpoint(t, "sagan", { convDim: 4, zDim: 8 });
		const first = await generated(t, folder, { count: 3, seed: 2 });
		t.deepEqual(
			(await readdir(join(first.out, "results"))).sort(),
			[1, 2, 3].map((n) => `sample-000${n}.png`),
		);
		const bytes = (out: string) => readFile(join(out, "results", "sample-0003.png"));
		const again = await generated(t, folder, { count: 3, seed: 2 });
		t.deepEqual(await bytes(first.out), await bytes(again.out));
		t.notDeepEqual(await bytes(first.out), await bytes((await generated(t, folder, { count: 3, seed: 3 })).out));
		const input = await pictures(t, { "a.png": [16, 16] });
		await t.throwsAsync(generated(t, folder, { input }), { message: /starts from noise, so --input must be left out/ });
	},
);

test.serial("of a pair from noise that an augmentation trains, the half of each class is opened", async (t) => {
	for (const id of ["pggan", "msg-gan"] as const) {
		const { gan, options, synthesize } = buildAugmenter(id, presets.smoke, 4, 1);
		using pair = gan;
		const folder = await temporaryFolder(t);
		await saveCheckpoint(folder, pair, { system: id, step: 1, seed: 1, settings: {}, options });
		const { imageSize: side, latent } = presets.smoke;
		const seen = new Set<string>();
		for (const [label, domain] of (["a", "b"] as const).entries()) {
			using model = await openModel(folder, id, domain);
			const [made, expected] = tf.tidy(() => {
				const noise = tf.tensor2d(Random.seed(3).normals(2 * latent), [2, latent]);
				const images = model.gan.apply?.({ noise })?.images as tf.Tensor4D;
				// PGGAN has not grown yet: the pair enlarges what it makes.
				const whole = upsampleNearest(images, side / images.shape[1]);
				const own = synthesize(tf.zeros([2, side, side, 1]), label as 0 | 1, Random.seed(3));
				return [whole.dataSync(), own.images.dataSync()] as const;
			});
			t.deepEqual(made, expected);
			seen.add(String(made));
		}
		t.is(seen.size, 2);
	}
});

test.serial("super-resolution enlarges, and takes the labels that guide it", async (t) => {
	const options: Options = { scale: 8, lowSize: 8, attributes: 38, width: 4 };
	const folder = await checkpoint(t, "aga-gan", options);
	const input = await pictures(t, { "a.png": [8, 8], "wide.png": [20, 30] });
	const { read, pictures: made } = await generated(t, folder, { input, source: "Smiling+Male=-1" });
	t.like(await read("results/a.png"), { width: 64, height: 64 });
	// The system takes one size alone: others are cut and resized to it.
	t.like(await read("results/wide.png"), { width: 64, height: 64 });
	t.is(made[0]?.maps.length, 3);
	using gan = await build("aga-gan", options);
	const labels = new Float32Array(38);
	labels[31] = 1;
	labels[20] = -1;
	const known = tf.tensor2d(labels, [1, 38]);
	t.deepEqual(new Uint8Array((await read("results/a.png")).data), direct(gan, 8, 8, { labels: known }));
	known.dispose();
});

test.serial("a map of networks that the checkpoint lacks is not drawn, and the picture is", async (t) => {
	const options: Options = { width: 4, growth: 4, blocks: 1, size: 16, dWidth: 4, dHead: 8 };
	const folder = await checkpoint(t, "fasrgan", options);
	const input = await pictures(t, { "a.png": [8, 8] });
	const whole = await generated(t, folder, { input });
	t.is(whole.pictures[0]?.maps.length, 2);
	const { tensors } = await readSafetensors(checkpointFile(folder));
	const kept = [...tensors].filter(([name]) => name.startsWith("G."));
	const arrays = kept.map(([name, { shape, values }]) => [name, { shape, data: Float32Array.from(values) }] as const);
	const part = await temporaryFolder(t);
	await writeCheckpoint(part, Object.fromEntries(arrays), await readHeader(folder));
	const made = await generated(t, part, { input });
	t.deepEqual(made.pictures[0]?.maps, []);
	t.deepEqual((await made.read("results/a.png")).data, (await whole.read("results/a.png")).data);
});

test.serial("a classifier writes a table of chances, which sum to one over classes", async (t) => {
	const options: Options = { width: 4 };
	const folder = await checkpoint(t, "resnet", options);
	const input = await pictures(t, { "a, b.png": [32, 32], "c.png": [40, 33] });
	const { out, pictures: made } = await generated(t, folder, { input });
	const [header, first = "", second = ""] = (await readFile(join(out, "scores.csv"), "utf8")).split("\n");
	t.is(header, "file,score_0,score_1");
	t.true(first.startsWith('"a, b.png",'));
	using gan = (await build("resnet", options)) as Gan<object> & Predicting;
	const images = tf.tensor4d(toSigned(pixels(40, 33)), [1, 40, 33, 3]);
	const logits = gan.predict(images);
	const [zero = 0, one = 0] = logits.dataSync();
	tf.dispose([images, logits]);
	const chances = second.split(",").slice(1).map(Number);
	// Six digits are written.
	t.true(Math.abs((chances[1] ?? 0) - 1 / (1 + Math.exp(zero - one))) < 2e-6);
	t.true(Math.abs((chances[0] ?? 0) + (chances[1] ?? 0) - 1) < 2e-6);
	t.true(Math.abs((made[1]?.scores?.["1"] ?? 0) - (chances[1] ?? 0)) < 1e-6);
	await t.throwsAsync(generated(t, folder, { input, edits: ["Young"] }), {
		message: "--edit: system must make pictures, got resnet, a classifier",
	});
});

test.serial("labels of a list are the pictures' own, and its other attributes do not disturb", async (t) => {
	const folder = await checkpoint(t, "stargan", faces);
	const input = await pictures(t, { "a.png": [16, 16] });
	const list = join(await temporaryFolder(t), "list.txt");
	await writeFile(list, "1\nBald Black_Hair Blond_Hair Brown_Hair Male Young\na.png 1 -1 -1 1 1 -1\n");
	const { read } = await generated(t, folder, { input, edits: ["Young"], labels: list });
	using gan = await build("stargan", faces);
	const labels = tf.tensor2d([[0, 0, 1, 1, 1]]);
	t.deepEqual(new Uint8Array((await read("results/a-Young.png")).data), direct(gan, 16, 16, { labels }));
	labels.dispose();
});

test.serial("generating leaves no tensor behind", async (t) => {
	const folder = await checkpoint(t, "cca-gan", faces);
	const input = await pictures(t, { "a.png": [16, 16], "b.png": [21, 13] });
	const before = tf.memory().numTensors;
	await generated(t, folder, { input, edits: ["Young"] });
	t.is(tf.memory().numTensors, before);
});

const refusals: readonly (readonly [what: string, words: readonly string[], message: RegExp])[] = [
	["no edit", [], /^--edit: must say what to change, one of Black_Hair, .*got none$/],
	[
		"an unknown attribute",
		["--edit", "Blonde_Hair"],
		/^--edit: attribute must be one of .*, got Blonde_Hair, did you mean Blond_Hair\?$/,
	],
	["another direction", ["--edit", "Male", "--direction", "up"], /^--direction: must be a-to-b or b-to-a, got up$/],
	[
		"too few names",
		["--edit", "Male", "--attributes", "Male,Young"],
		/^--attributes: must name the 5 labels of stargan, got 2$/,
	],
	["a size of nothing", ["--edit", "Male", "--size", "0"], /^--size: must be a whole number from 1, got 0$/],
];
test.serial("what is asked wrongly ends with 2 and one line, and nothing is written", async (t) => {
	const folder = await checkpoint(t, "stargan", faces);
	const input = await pictures(t, { "a.png": [16, 16] });
	const home = await temporaryFolder(t);
	const run = (words: readonly string[], checkpointFolder = folder, from = input, system = "stargan") =>
		fovea([
			"generate",
			system,
			"--checkpoint",
			checkpointFolder,
			"--input",
			from,
			"--out",
			join(home, "out"),
			"--quiet",
			...words,
		]);
	for (const [what, words, message] of refusals) {
		const { code, stdout, stderr } = await run(words);
		t.deepEqual([code, stdout], [2, ""], what);
		t.regex(stderr.trim(), message);
	}
	const none = await run(["--edit", "Male"], home);
	t.regex(none.stderr, /must hold a checkpoint of fovea train or fovea import, got none\n$/);
	const other = await run(["--edit", "Male"], folder, input, "cca-gan");
	t.regex(other.stderr, /checkpoint\.safetensors: must be of cca-gan, got stargan\n$/);
	const damaged = await pictures(t, { "a.png": [16, 16] });
	await writeFile(join(damaged, "b.png"), "no picture");
	const broken = await run(["--edit", "Male"], folder, damaged);
	t.is(broken.code, 2);
	t.regex(broken.stderr, /^.*b\.png: must be a picture[^\n]*\n$/);
	t.deepEqual(await readdir(home), []);
	await mkdir(join(home, "out"));
	await writeFile(join(home, "out", "mine"), "");
	t.regex((await run(["--edit", "Male"])).stderr, /out: must be empty or not there, got 1 entries\n$/);
	t.deepEqual(await readdir(join(home, "out")), ["mine"]);
});

test.serial("the command answers with what it wrote", async (t) => {
	const folder = await checkpoint(t, "stargan", faces);
	const input = await pictures(t, { "a.png": [16, 16] });
	const out = join(await temporaryFolder(t), "out");
	const words = [
		"generate",
		"stargan",
		"--checkpoint",
		folder,
		"--input",
		input,
		"--out",
		out,
		"--edit",
		"Male,Young",
		"--json",
	];
	const { code, stdout } = await fovea(words);
	t.is(code, 0);
	t.like(JSON.parse(stdout), { system: "stargan", out });
	t.deepEqual((await readdir(join(out, "results"))).sort(), ["a-Male.png", "a-Young.png"]);
});

test("bicubic needs no checkpoint and gives MATLAB's imresize to the level", async (t) => {
	const [input, out] = [await pictures(t, { "a.png": [9, 14] }), join(await temporaryFolder(t), "out")];
	const words = ["generate", "bicubic", "--input", input, "--out", out, "--json"];
	const refused = await fovea([...words, "--checkpoint", input, "--options", "scale=3"]);
	t.is(refused.code, 2);
	t.regex(refused.stderr, /^--options: must be left out with --checkpoint/);
	const made = await fovea([...words, "--options", "scale=3"]);
	t.is(made.code, 0, made.stderr);
	const { data, info } = await sharp(join(out, "results", "a.png"))
		.raw()
		.toBuffer({ resolveWithObject: true });
	t.deepEqual([info.height, info.width, info.channels], [27, 42, 3]);
	const low = { data: pixels(9, 14), height: 9, width: 14, channels: 3 };
	const expected = matlabResize(low, 3, { rounding: "end" }).data;
	// Float32 may round a value in the middle of two levels to the other one.
	const apart = Array.from(expected, (value, at) => Math.abs(value - (data[at] as number)));
	t.true(Math.max(...apart) <= 1 && apart.filter((value) => value > 0).length <= 3, `${apart}`);
	const { options, checkpoint } = JSON.parse(await readFile(join(out, "generated.json"), "utf8"));
	t.deepEqual([options, checkpoint], [{ scale: 3 }, undefined]);
});

test("a system with parameters is not applied without a checkpoint, nor one without them imported", async (t) => {
	const [input, out] = [await pictures(t, { "a.png": [8, 8] }), join(await temporaryFolder(t), "out")];
	const applied = await fovea(["generate", "esrgan", "--input", input, "--out", out]);
	t.is(applied.code, 2);
	t.regex(applied.stderr, /^--checkpoint: must be a folder of fovea train or fovea import for esrgan, got none/);
	const weights = "fixtures/golden/ccagan/module_c3.safetensors";
	const imported = await fovea(["import", weights, "--system", "bicubic", "--out", out]);
	t.is(imported.code, 2);
	t.regex(imported.stderr, /import: system must have parameters, got bicubic, which has none/);
	t.false(existsSync(out));
});
