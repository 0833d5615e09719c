import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { startEngine } from "../engine/engine.ts";
import { Random } from "../engine/random.ts";
import { fasrgan } from "../models/fasrgan.ts";
import { against, type Bench, median } from "./bench.ts";
import { startRival } from "./rival.ts";

type Task = "generator" | "iteration";

/** The generator is small, the discriminator the paper's but for the size of its pictures. */
const size = { width: 32, blocks: 4, low: 16, batch: 4, dWidth: 64, dHead: 1024 };
const paper = { width: 64, blocks: 23, low: 64 };

/** Rounds alternate between the two sides, so that a busy minute of the machine hits both. */
const rounds = 5;
const stepsPerRound = 2;

export const bench: Bench = {
	about: "FASRGAN training steps and RRDBNet's memory on the TensorFlow engine against PyTorch (CPU, two threads)",
	async run(report, wants) {
		const memory = `RRDBNet-${paper.blocks}, built and run once, ${paper.low} → ${4 * paper.low}: peak memory`;
		if (wants(memory)) {
			// First, while this process is small: what a child is started with counts as its own.
			using fresh = startRival("fasrgan.py");
			const { megabytes } = await fresh.ask<{ megabytes: number }>({ task: "memory", ...paper });
			report(against(memory, "MB", peakMemory(), megabytes, 1.5));
		}
		await startEngine({ engine: "tensorflow" });
		using rival = startRival("fasrgan.py");
		for (const [task, title, most] of [
			["generator", "generator step (L1)", 1.3],
			["iteration", "iteration (G, D)", 1.3],
		] as const) {
			const { width, blocks, low, batch } = size;
			const name = `${title}, width ${width}, ${blocks} blocks, ${low} → ${4 * low}, batch ${batch}`;
			if (!wants(name)) continue;
			using ours = training(task);
			const theirs = async (steps: number) => (await rival.ask<{ ms: number[] }>({ task, ...size, steps })).ms;
			ours.steps(2);
			await theirs(2);
			const [mine, other]: [number[], number[]] = [[], []];
			for (let round = 0; round < rounds; round += 1) {
				mine.push(...ours.steps(stepsPerRound));
				other.push(...(await theirs(stepsPerRound)));
			}
			report(against(name, "ms", median(mine), median(other), most));
		}
	},
};

/** Peak resident memory of a process that does nothing else, in MB. */
function peakMemory(): number {
	const script = fileURLToPath(new URL("rrdb-memory.js", import.meta.url));
	const words = [paper.width, paper.blocks, paper.low].map(String);
	return Number(execFileSync(process.execPath, [script, ...words], { encoding: "utf8", stdio: ["ignore", "pipe", 2] }));
}

/** Our side of a task: `steps` gives the milliseconds of each step. */
function training(task: Task) {
	const { low, batch, ...networks } = size;
	const gan = fasrgan({ ...networks, size: 4 * low });
	const random = Random.seed(1);
	const picture = (side: number) =>
		tf.tensor4d(random.uniforms(batch * side * side * 3, -1, 1), [batch, side, side, 3]);
	const data = { low: picture(low), high: picture(4 * low) };
	const once = (): number => {
		const start = performance.now();
		if (task === "generator") gan.warmUp(data);
		else gan.step(data, {}, 0);
		return performance.now() - start;
	};
	return {
		steps: (count: number) => Array.from({ length: count }, once),
		[Symbol.dispose]() {
			gan[Symbol.dispose]();
			tf.dispose([data.low, data.high]);
		},
	};
}
