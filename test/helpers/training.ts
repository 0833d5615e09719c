import { existsSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import type { ExecutionContext } from "ava";
import { Random } from "../../engine/random.ts";
import { loadCheckpoint, saveCheckpoint } from "../../harness/checkpoint.ts";
import { celeba } from "../../harness/datasets/celeba.ts";
import { type Dataset, signedPixels } from "../../harness/datasets/dataset.ts";
import { faces } from "../../harness/datasets/faces.ts";
import type { Gan, Losses } from "../../models/paper.ts";
import { temporaryFolder } from "./temporary.ts";

/** Faces of CelebA where FOVEA_DATA has them, else drawn ones: [count, size, size, 3] in [-1, 1]; the caller disposes. */
export async function facePictures(count: number, size: number): Promise<tf.Tensor4D> {
	const root = join(process.env["FOVEA_DATA"] ?? "", "celeba");
	const isThere = process.env["FOVEA_DATA"] !== undefined && existsSync(root);
	const set: Dataset = isThere ? await celeba({ root, size, testCount: 8 }) : faces({ size });
	const examples = await Promise.all(Array.from({ length: count }, (_, index) => set.read("test", index)));
	const shape: [number, number, number, number] = [count, size, size, 3];
	return tf.tensor4d(
		signedPixels(
			examples.map(({ pixels }) => pixels),
			shape,
		),
		shape,
	);
}

export interface Learner<Batch extends object> {
	build(): Gan<Batch>;
	/** The same every time; disposed after each use. */
	batch(): Batch;
	/** What must fall: the sum of these losses. */
	readonly losses: readonly string[];
	/** @default 30 */
	readonly steps?: number;
}

function stepOf<Batch extends object>(gan: Gan<Batch>, { batch }: Learner<Batch>, iteration: number): Losses {
	const given = batch();
	const losses = gan.step(given, gan.draw(Random.seed(7).split(iteration), given, iteration), iteration);
	tf.dispose(given as unknown as tf.TensorContainer);
	return losses;
}

/** Trains, and asserts that losses stay finite, that the named ones fall, and that no tensor is left behind. */
export function learns<Batch extends object>(t: ExecutionContext, learner: Learner<Batch>): void {
	const start = tf.memory().numTensors;
	const gan = learner.build();
	const sums: number[] = [];
	let held = 0;
	for (let iteration = 0; iteration < (learner.steps ?? 30); iteration += 1) {
		const losses = stepOf(gan, learner, iteration);
		t.true(Object.values(losses).every(Number.isFinite), JSON.stringify(losses));
		sums.push(learner.losses.reduce((sum, name) => sum + (losses[name] ?? Number.NaN), 0));
		if (iteration === 0) held = tf.memory().numTensors;
	}
	t.is(tf.memory().numTensors, held, "steps must leave no tensor");
	const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
	t.true(mean(sums.slice(-5)) < mean(sums.slice(0, 5)), sums.map((sum) => sum.toFixed(4)).join(" "));
	gan[Symbol.dispose]();
	t.is(tf.memory().numTensors, start, "a disposed system must leave no tensor");
}

/** Asserts that a training reloaded after `before` steps takes the same next three. */
export async function resumes<Batch extends object>(
	t: ExecutionContext,
	learner: Learner<Batch>,
	before: number,
): Promise<void> {
	const folder = await temporaryFolder(t);
	using gan = learner.build();
	for (let iteration = 0; iteration < before; iteration += 1) stepOf(gan, learner, iteration);
	const header = { system: gan.id, step: before, seed: 0, settings: {} };
	await saveCheckpoint(folder, gan as Gan<never>, header);
	using again = learner.build();
	await loadCheckpoint(folder, again as Gan<never>, header);
	for (let iteration = before; iteration < before + 3; iteration += 1) {
		t.deepEqual(stepOf(again, learner, iteration), stepOf(gan, learner, iteration), `step ${iteration}`);
	}
}

/** The largest absolute value. */
export function largest(x: tf.Tensor): number {
	return tf.tidy(() => tf.max(tf.abs(x)).dataSync()[0] as number);
}
