import { execFileSync } from "node:child_process";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import test, { type ExecutionContext } from "ava";
import { startEngine } from "../../../engine/engine.ts";
import { Parameters } from "../../../engine/parameters.ts";
import { Random } from "../../../engine/random.ts";
import { readNetwork } from "../../../harness/checkpoint.ts";
import { importWeights } from "../../../harness/import/import.ts";
import { readWeights } from "../../../harness/import/read.ts";
import { writeSafetensors } from "../../../harness/safetensors.ts";
import { findSystem } from "../../../harness/systems.ts";
import { evaluation } from "../../../models/layers/layer.ts";
import { rowAttention } from "../../../models/layers/row-attention.ts";
import { onEngines } from "../../helpers/engines.ts";
import { fovea } from "../../helpers/fovea.ts";
import { readSafetensors } from "../../helpers/golden.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

const goldens = join("fixtures", "golden");
const golden = readSafetensors(join(goldens, "ccagan", "module_c8.safetensors"));

test.before(() => startEngine());

async function imported(t: ExecutionContext, path: string, id: string, options = {}) {
	const out = await temporaryFolder(t);
	return importWeights([{ file: await readWeights(path) }], await findSystem(id, "test"), { options, out });
}

/** Tensors of a golden under `prefix` as a safetensors file. */
async function file(
	t: ExecutionContext,
	from: string,
	prefix: string,
	rename = (name: string) => name,
): Promise<string> {
	const tensors = [...readSafetensors(join(goldens, from))]
		.filter(([name]) => name.startsWith(prefix))
		.map(([name, { shape, data }]) => [rename(name.slice(prefix.length)), { shape, data: data as Float32Array }]);
	const path = join(await temporaryFolder(t), "weights.safetensors");
	await writeSafetensors(path, Object.fromEntries(tensors));
	return path;
}

/** The output of the golden's module with imported weights, against that of PyTorch's. */
function outputAgrees(t: ExecutionContext, parameters: Parameters, tolerance: number, what: string): void {
	const layer = rowAttention(8);
	const [input, expected] = [golden.get("input/feature"), golden.get("output/feature")];
	const shape = input?.shape as [number, number, number, number];
	const values = tf.tidy(() => {
		using built = new Parameters(Random.seed(0));
		const run = layer(built);
		for (const { name } of parameters.entries()) built.write(name, parameters.read(name));
		const x = tf.transpose(tf.tensor4d(input?.data as Float32Array, shape), [0, 2, 3, 1]) as tf.Tensor4D;
		return tf.transpose(run(x, evaluation), [0, 3, 1, 2]).dataSync();
	});
	const wanted = expected?.data as Float32Array;
	const scale = Math.max(...wanted.map(Math.abs));
	const worst = Math.max(...wanted.map((value, index) => Math.abs((values[index] as number) - value)));
	t.true(worst <= tolerance * scale, `${what}: off by ${worst / scale} of the largest value`);
}

async function checkFolder(t: ExecutionContext, folder: string): Promise<void> {
	for (const name of await readdir(folder)) {
		const { checkpoint, options } = await imported(t, join(folder, name), "row-attention");
		t.is(options["channels"], 8, name);
		const parameters = await readNetwork(join(checkpoint, ".."), "attention", rowAttention(8));
		// PyTorch's own tolerance of outputs in other orders of summation; half precision moves weights by 2^-11, bfloat16 by 2^-8.
		const tolerance = name.startsWith("half") ? 2e-3 : name.startsWith("bfloat16") ? 2e-2 : 1e-5;
		outputAgrees(t, parameters, tolerance, name);
		parameters[Symbol.dispose]();
	}
}

test.serial("every form of .pth gives PyTorch's output", async (t) => {
	await onEngines(() => checkFolder(t, join("fixtures", "pth")));
});

// Where FOVEA_TORCH names a Python with PyTorch (.ci/run does), the forms are written anew by that version.
const python = process.env["FOVEA_TORCH"];
if (python !== undefined && python !== "") {
	test.serial("files that the PyTorch of FOVEA_TORCH writes give its output", async (t) => {
		t.timeout(120_000);
		const folder = await temporaryFolder(t);
		const path = join(goldens, "ccagan", "module_c8.safetensors");
		execFileSync(python, [join("test", "python", "write_pth.py"), path, "weight/", folder], { stdio: "pipe" });
		t.true((await readdir(folder)).length >= 12);
		await checkFolder(t, folder);
	});
}

test.serial("a whole system is found in one file, with its widths and depths", async (t) => {
	const path = await file(t, "stargan/train_step.safetensors", "before/");
	const { options, networks, absent, aside } = await imported(t, path, "stargan");
	// What the golden's metadata gives.
	t.like(options, { imageSize: 32, gConvDim: 6, dConvDim: 6, cDim: 5, gRepeatNum: 2, dRepeatNum: 3, track: true });
	t.deepEqual(Object.keys(networks), ["G", "D"]);
	t.deepEqual([absent, aside], [[], []]);
	const cca = await file(t, "ccagan/train_step.safetensors", "before/");
	t.like((await imported(t, cca, "cca-gan")).options, { imageSize: 32, gConvDim: 6, dRepeatNum: 3, placement: "conv" });
});

for (const [id, network, options, written] of [
	["cyclegan", "G_A", { generator: "unet", downs: 5, ngf: 4 }, {}],
	["cca-gan", "G", { placement: "block", gConvDim: 8, gRepeatNum: 2 }, {}],
	// As PyTorch's own example of training on ImageNet keeps it.
	["resnet", "C", { width: 8, classes: 2 }, { best_acc1: { shape: [], data: Float32Array.of(71.2) } }],
] as const) {
	test.serial(`${id} at ${Object.entries(options).join("; ")} is found by its shapes`, async (t) => {
		const system = await findSystem(id, "test");
		using parameters = new Parameters(Random.seed(1));
		system.networks(options)[network]?.(parameters);
		const entries = parameters
			.entries()
			.map(({ name }) => [`state_dict.module.${name}`, parameters.read(name)] as const);
		const path = join(await temporaryFolder(t), "weights.safetensors");
		await writeSafetensors(path, { ...Object.fromEntries(entries), ...written });
		const out = await temporaryFolder(t);
		const found = await importWeights([{ file: await readWeights(path), network }], system, { out });
		t.like(found.options, options);
		t.deepEqual(found.aside, Object.keys(written));
	});
}

test.serial("networks in files of their own each have their width", async (t) => {
	const narrow = {
		file: await readWeights(await file(t, "stargan/train_step.safetensors", "before/G.")),
		network: "G",
	};
	// The discriminator of another golden, whose pictures are larger.
	const other = {
		file: await readWeights(await file(t, "stargan/discriminator.safetensors", "weight/")),
		network: "D",
	};
	const system = await findSystem("stargan", "test");
	for (const sources of [
		[narrow, other],
		[other, narrow],
	]) {
		const { options, absent } = await importWeights(sources, system, { out: await temporaryFolder(t) });
		t.like(options, { imageSize: 64, gConvDim: 6, dConvDim: 8, gRepeatNum: 2, dRepeatNum: 3, cDim: 5 });
		t.deepEqual(absent, []);
	}
});

test.serial("a network alone is recognised, and the others are said to be absent", async (t) => {
	const path = await file(t, "stargan/discriminator.safetensors", "weight/", (name) => `module.${name}`);
	const { options, networks, absent } = await imported(t, path, "stargan");
	t.like(options, { imageSize: 64, dConvDim: 8, dRepeatNum: 3, gConvDim: 64 });
	t.is(networks["D"]?.prefix, "module.");
	t.deepEqual(absent, ["G"]);
});

test.serial("given options are kept, and differences to them are listed", async (t) => {
	const path = await file(t, "stargan/discriminator.safetensors", "weight/");
	const { options } = await imported(t, path, "stargan", { dConvDim: 8 });
	t.is(options["dConvDim"], 8);
	const error = await t.throwsAsync(imported(t, path, "stargan", { dConvDim: 16 }));
	t.regex(
		error?.message ?? "",
		/weights\.safetensors: must hold the networks of stargan, got differences: D has other shapes: main\.0\.weight \[8,3,4,4\], not \[16,3,4,4\]/,
	);
});

test.serial("missing, superfluous and misshapen tensors are listed, and nothing is written", async (t) => {
	const out = join(await temporaryFolder(t), "out");
	const change: readonly (readonly [
		(tensors: Record<string, { shape: number[]; data: Float32Array }>) => void,
		RegExp,
	])[] = [
		[(tensors) => delete tensors["q.bias"], /attention lacks q\.bias$/],
		[(tensors) => (tensors["w.bias"] = { shape: [1], data: new Float32Array(1) }), /attention has w\.bias too many$/],
		[
			(tensors) => (tensors["k.bias"] = { shape: [2], data: new Float32Array(2) }),
			/attention has other shapes: k\.bias \[2\], not \[1\]$/,
		],
	];
	for (const [alter, message] of change) {
		const tensors: Record<string, { shape: number[]; data: Float32Array }> = {};
		for (const [name, { shape, data }] of golden) {
			if (name.startsWith("weight/")) tensors[name.slice(7)] = { shape: [...shape], data: data as Float32Array };
		}
		alter(tensors);
		const path = join(await temporaryFolder(t), "changed.safetensors");
		await writeSafetensors(path, tensors);
		const { code, stdout, stderr } = await fovea([
			"import",
			path,
			"--system",
			"row-attention",
			"--out",
			out,
			"--quiet",
		]);
		t.is(code, 2);
		t.is(stdout, "");
		t.regex(stderr.trim(), message);
		t.is(stderr.trim().split("\n").length, 1);
	}
	await t.throwsAsync(readdir(out), { code: "ENOENT" });
});

const wrong: readonly (readonly [string, string, string, RegExp])[] = [
	["another system", "zip.pth", "stargan", /must hold the networks of stargan .*got other tensors: gamma, k\.bias/],
	[
		"an unknown system",
		"zip.pth",
		"stargun",
		/^--system: system must be one of .*, got stargun, did you mean stargan\?$/,
	],
	[
		"a file of no weights",
		"../README.md",
		"stargan",
		/must be a \.pth of torch\.save, a \.safetensors or a Keras \.h5 or \.keras file/,
	],
	[
		"a file that is not there",
		"none.pth",
		"stargan",
		/none\.pth: must be a file of weights, got nothing of that name$/,
	],
];
for (const [what, name, system, message] of wrong) {
	test(`${what} ends with 2 and one line`, async (t) => {
		const out = join(await temporaryFolder(t), "out");
		const words = ["import", join("fixtures", "pth", name), "--system", system, "--out", out, "--quiet"];
		const { code, stdout, stderr } = await fovea(words);
		t.deepEqual([code, stdout], [2, ""]);
		t.regex(stderr.trim(), message);
		t.is(stderr.trim().split("\n").length, 1);
	});
}

test("a folder that holds a checkpoint is not written over", async (t) => {
	const path = join("fixtures", "pth", "zip.pth");
	const { checkpoint } = await imported(t, path, "row-attention");
	const before = await readFile(checkpoint);
	const system = await findSystem("row-attention", "test");
	const again = importWeights([{ file: await readWeights(path) }], system, { out: join(checkpoint, "..") });
	await t.throwsAsync(again, { message: /must hold no checkpoint yet/ });
	t.deepEqual(await readFile(checkpoint), before);
});

test("the command answers with the options, the networks and the files' hashes", async (t) => {
	const folder = await temporaryFolder(t);
	const path = join(folder, "latest.pth");
	await copyFile(join("fixtures", "pth", "wrapped.pth"), path);
	await writeFile(join(folder, "other"), "");
	const { code, stdout } = await fovea([
		"import",
		path,
		"--system",
		"row-attention",
		"--out",
		join(folder, "out"),
		"--json",
	]);
	t.is(code, 0);
	const answer = JSON.parse(stdout);
	t.like(answer, { system: "row-attention", options: { channels: 8, vChannels: "half" }, absent: [] });
	t.like(answer.networks.attention, { file: path, prefix: "state_dict.module.", tensors: 9, parameters: 95 });
	t.regex(answer.files[0].sha256, /^[0-9a-f]{64}$/);
	t.is(answer.files[0].format, "PyTorch, zip");
});
