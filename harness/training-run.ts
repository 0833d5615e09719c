/** One training on disk: resumes, logs, checkpoints, and draws what the system makes. */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { Random } from "../engine/random.ts";
import { attentionOf, writeAttention } from "./attention-file.ts";
import { hasCheckpoint, loadCheckpoint, loadNetworks, saveCheckpoint } from "./checkpoint.ts";
import type { Training } from "./experiments/experiment.ts";
import { writeAtomically } from "./files.ts";
import { type Sheet, writeSheet } from "./sheet.ts";
import { TensorboardLog } from "./tensorboard/log.ts";
import { type Progress, train } from "./train.ts";

export interface TrainingRunOptions {
	/** Folder of the training: checkpoint.safetensors, log.jsonl, samples.png, attention.png, attention.json, training.json. */
	readonly out: string;
	readonly seed: number;
	/** Folder of a checkpoint, of a training or imported, whose networks the training starts from. @default initial weights */
	readonly weights?: string | undefined;
	/** Goes on from the folder's checkpoint; without one it starts anew. @default false */
	readonly resume?: boolean;
	/** Seconds between checkpoints. @default 60 */
	readonly checkpointEvery?: number;
	/** Also writes TensorBoard's event files: losses of every iteration, sheets at every checkpoint. @default false */
	readonly tensorboard?: boolean;
	readonly signal?: AbortSignal;
}

export interface TrainingResult {
	readonly steps: number;
	/** Seconds of training, earlier parts of a resumed run included. */
	readonly seconds: number;
	/** Mean of each loss over the last hundredth of the run (at least ten iterations). */
	readonly losses: Readonly<Record<string, number>>;
	readonly checkpoint: string;
}

/** One line of log.jsonl. */
export interface LogLine extends Progress {
	/** Seconds of training so far. */
	readonly elapsed: number;
}

/**
 * Trains to the end, yielding progress. Interrupted (signal) it saves a checkpoint and rethrows; the same call with `resume` goes on
 * to the same bytes. Without `resume` a folder that already holds a checkpoint is refused, so nothing is lost.
 */
export async function* runTraining(
	training: Training<object>,
	{ out, seed, weights, resume = false, checkpointEvery = 60, tensorboard = false, signal }: TrainingRunOptions,
): AsyncGenerator<Progress, TrainingResult> {
	const { gan, settings, options, attributes } = training;
	const logPath = join(out, "log.jsonl");
	const resultPath = join(out, "training.json");
	const header = { system: gan.id, seed, settings, options, attributes };
	let start = 0;
	let log: LogLine[] = [];
	if (hasCheckpoint(out)) {
		if (!resume)
			throw new RangeError(`${out}: must hold no checkpoint yet, got one; add --resume or name another folder`);
		start = (await loadCheckpoint(out, gan, { ...header, step: 0 })).step;
		log = (await readLog(logPath)).filter(({ step }) => step <= start);
		const ended = start >= training.steps ? await readResult(resultPath) : undefined;
		if (ended !== undefined) return ended;
	} else if (weights !== undefined) {
		await loadNetworks(weights, gan);
	}
	let elapsed = log.at(-1)?.elapsed ?? 0;
	let step = start;
	await using board = tensorboard ? await TensorboardLog.start(out, start, elapsed) : undefined;
	const show = async (sheets: Readonly<Record<string, Sheet>>) => {
		for (const [name, sheet] of Object.entries(sheets))
			await board?.sheet(step, elapsed, basename(name, ".png"), sheet);
		await board?.flush();
	};
	const save = async () => {
		await writeAtomically(logPath, log.map((line) => `${JSON.stringify(line)}\n`).join(""));
		return saveCheckpoint(out, gan, { ...header, step });
	};
	let saved = performance.now();
	try {
		const progress = train(gan, {
			data: training.data(start, signal),
			steps: training.steps,
			seed: Random.seed(seed).split("steps").uint32(),
			start,
			warmUp: { steps: training.warmUp },
			rate: (iteration) => training.rate(iteration),
			...(signal === undefined ? {} : { signal }),
		});
		for await (const event of progress) {
			step = event.step;
			elapsed += event.seconds;
			log.push({ ...event, elapsed });
			board?.scalars(step, elapsed, event.losses);
			yield event;
			if (performance.now() - saved > checkpointEvery * 1000) {
				await save();
				if (board !== undefined) await show(await training.preview());
				saved = performance.now();
			}
		}
	} catch (error) {
		if (signal?.aborted && step > start) await save();
		throw error;
	}
	const checkpoint = await save();
	const sheets = await training.preview();
	for (const [name, sheet] of Object.entries(sheets)) await writeSheet(join(out, name), sheet);
	await show(sheets);
	for await (const batch of training.data(0, signal)) {
		await writeAttention(join(out, "attention.json"), await attentionOf(gan, batch, { seed }));
		tf.dispose(batch as unknown as tf.TensorContainer);
		break;
	}
	const result = { steps: step, seconds: elapsed, losses: lastLosses(log), checkpoint };
	await writeAtomically(resultPath, `${JSON.stringify({ ...header, ...result }, null, "\t")}\n`);
	return result;
}

/** The result of a training that ended; undefined where it has not. */
export async function readResult(path: string): Promise<TrainingResult | undefined> {
	const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return undefined;
		throw error;
	});
	return text === undefined ? undefined : (JSON.parse(text) as TrainingResult);
}

/** The lines of a training's log; an absent file has none. */
export async function readLog(path: string): Promise<LogLine[]> {
	const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return "";
		throw error;
	});
	return text
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as LogLine);
}

function lastLosses(log: readonly LogLine[]): Record<string, number> {
	const kept = log.slice(-Math.max(10, Math.ceil(log.length / 100)));
	const sums = new Map<string, { sum: number; count: number }>();
	for (const { losses } of kept) {
		for (const [name, value] of Object.entries(losses)) {
			const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 };
			sums.set(name, { sum: sum + value, count: count + 1 });
		}
	}
	return Object.fromEntries([...sums].map(([name, { sum, count }]) => [name, sum / count]));
}
