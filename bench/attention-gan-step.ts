import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { startEngine } from "../engine/engine.ts";
import { Random } from "../engine/random.ts";
import { attentionGan } from "../models/attention-gan.ts";
import { against, type Bench, median } from "./bench.ts";
import { startRival } from "./rival.ts";

const size = { width: 16, size: 64, batch: 2 };
const paperSize = 256;

/** Rounds alternate between the two sides, so that a busy minute of the machine hits both. */
const rounds = 5;
const stepsPerRound = 3;

export const bench: Bench = {
	about: "AttentionGAN iterations and memory on the TensorFlow engine against PyTorch (CPU, two threads)",
	async run(report, wants) {
		const side = `${paperSize} × ${paperSize}`;
		const memory = `AttentionGAN's generator, built and run once, ${side}: peak memory`;
		if (wants(memory)) {
			// First, while this process is small: what a child is started with counts as its own.
			using fresh = startRival("attention_gan.py");
			const { megabytes } = await fresh.ask<{ megabytes: number }>({ task: "memory", size: paperSize });
			report(against(memory, "MB", peakMemory(), megabytes, 1.5));
		}
		const name = `iteration (G, D), width ${size.width}, ${size.size} × ${size.size}, batch ${size.batch}`;
		if (!wants(name)) return;
		await startEngine({ engine: "tensorflow" });
		using rival = startRival("attention_gan.py");
		using ours = training();
		const theirs = async (steps: number) =>
			(await rival.ask<{ ms: number[] }>({ task: "iteration", ...size, steps })).ms;
		ours.steps(2);
		await theirs(2);
		const [mine, other]: [number[], number[]] = [[], []];
		for (let round = 0; round < rounds; round += 1) {
			mine.push(...ours.steps(stepsPerRound));
			other.push(...(await theirs(stepsPerRound)));
		}
		report(against(name, "ms", median(mine), median(other), 1.3));
	},
};

/** Peak resident memory of a process that does nothing else, in MB. */
function peakMemory(): number {
	const script = fileURLToPath(new URL("attention-gan-memory.js", import.meta.url));
	const options = { encoding: "utf8" as const, stdio: ["ignore" as const, "pipe" as const, 2] };
	return Number(execFileSync(process.execPath, [script, String(paperSize)], options));
}

/** Our side: `steps` gives the milliseconds of each iteration. */
function training() {
	const gan = attentionGan({ ngf: size.width, ndf: size.width });
	const random = Random.seed(1);
	const pictures = () =>
		tf.tensor4d(random.uniforms(size.batch * size.size ** 2 * 3, -1, 1), [size.batch, size.size, size.size, 3]);
	const data = { a: pictures(), b: pictures() };
	let iteration = 0;
	const once = (): number => {
		const draws = gan.draw(random, data, iteration);
		const start = performance.now();
		gan.step(data, draws, iteration);
		iteration += 1;
		return performance.now() - start;
	};
	return {
		steps: (count: number) => Array.from({ length: count }, once),
		[Symbol.dispose]() {
			gan[Symbol.dispose]();
			tf.dispose([data.a, data.b]);
		},
	};
}
