import * as tf from "@tensorflow/tfjs";
import { startEngine } from "../engine/engine.ts";
import { Random } from "../engine/random.ts";
import { stargan } from "../models/stargan.ts";
import { against, type Bench, median } from "./bench.ts";
import { startRival } from "./rival.ts";

interface Size {
	/** Width of the generator after its first layer, and of the discriminator. */
	readonly width: number;
	/** Side of the pictures. */
	readonly size: number;
	readonly batch: number;
	/** Strided layers of the discriminator. */
	readonly layers: number;
}

type Task = "generator" | "iteration";

const small: Size = { width: 32, size: 64, batch: 4, layers: 5 };
const large: Size = { width: 64, size: 128, batch: 2, layers: 6 };

/** Rounds alternate between the two sides, so that a busy minute of the machine hits both. */
const rounds = 7;
const stepsPerRound = 3;

export const bench: Bench = {
	about: "StarGAN training steps on the TensorFlow engine against PyTorch (CPU, two threads) and the WASM engine",
	async run(report, wants) {
		const { name } = await startEngine({ engine: "tensorflow" });
		using rival = startRival("stargan.py");
		const rows = [
			["generator", small, 1.3],
			["generator", large, 1.1],
			["iteration", small, 1.4],
			["iteration", large, 1.4],
		] as const;
		for (const [task, size, most] of rows) {
			if (!wants(title(task, size))) continue;
			using ours = training(task, size);
			const theirs = async (steps: number) => (await rival.ask<{ ms: number[] }>({ task, ...size, steps })).ms;
			ours.steps(2);
			await theirs(2);
			const [mine, other]: [number[], number[]] = [[], []];
			for (let round = 0; round < rounds; round += 1) {
				mine.push(...ours.steps(stepsPerRound));
				other.push(...(await theirs(stepsPerRound)));
			}
			report(against(title(task, size), "ms", median(mine), median(other), most));
		}
		if (wants("memory")) await keepsMemory(report);
		const engines = `${title("generator", small)}, WASM against TensorFlow`;
		if (!wants(engines)) return;
		const [onTensorflow, onWasm] = [await alone(name), await alone("wasm")];
		report(against(engines, "ms", onWasm, onTensorflow, 6));
	},
};

function title(task: Task, { width, size, batch }: Size): string {
	const what = task === "generator" ? "generator step" : "iteration (D + penalty, G)";
	return `${what}, width ${width}, ${size} × ${size}, batch ${batch}`;
}

/** Tensors and resident memory over 200 iterations, after fifty in which the JavaScript heap settles. */
async function keepsMemory(report: Parameters<Bench["run"]>[0]): Promise<void> {
	using ours = training("iteration", { width: 16, size: 32, batch: 4, layers: 4 });
	ours.steps(50);
	const before = { tensors: tf.memory().numTensors, bytes: process.memoryUsage.rss() };
	ours.steps(200);
	const tensors = tf.memory().numTensors - before.tensors;
	const megabytes = (process.memoryUsage.rss() - before.bytes) / 2 ** 20;
	report({ name: "tensors added by 200 iterations", ours: tensors, unit: "", target: "0", pass: tensors === 0 });
	const pass = megabytes < 50;
	report({ name: "resident memory added by 200 iterations", ours: megabytes, unit: "MB", target: "< 50 MB", pass });
}

/** Median step of the small generator on one engine. */
async function alone(engine: "tensorflow" | "wasm"): Promise<number> {
	await startEngine({ engine });
	using ours = training("generator", small);
	ours.steps(1);
	return median(ours.steps(5));
}

/** Our side of a task: `steps` gives the milliseconds of each step. */
function training(task: Task, { width, size, batch, layers }: Size) {
	const gan = stargan({ imageSize: size, gConvDim: width, dConvDim: width, dRepeatNum: layers, nCritic: 1 });
	const random = Random.seed(1);
	const images = tf.tensor4d(random.split("images").uniforms(batch * size * size * 3, -1, 1), [batch, size, size, 3]);
	const bits = Float32Array.from({ length: batch * 5 }, () => random.integer(2));
	const labels = tf.tensor2d(bits, [batch, 5]);
	const data = { images, labels };
	let iteration = 0;
	const once = (): number => {
		const draws = gan.draw(random, data, iteration);
		const start = performance.now();
		if (task === "generator") gan.warmUp(data);
		else gan.step(data, draws, iteration);
		iteration += 1;
		return performance.now() - start;
	};
	return {
		steps: (count: number) => Array.from({ length: count }, once),
		[Symbol.dispose]() {
			gan[Symbol.dispose]();
			tf.dispose([images, labels]);
		},
	};
}
