/** The test that every system of a family passes: thirty steps on a few small batches. */
import * as tf from "@tensorflow/tfjs";
import type { ExecutionContext } from "ava";
import { Random } from "../../engine/random.ts";
import { loadCheckpoint, saveCheckpoint } from "../../harness/checkpoint.ts";
import type { Gan, Losses } from "../../models/paper.ts";
import { onEngines } from "./engines.ts";
import { temporaryFolder } from "./temporary.ts";

const steps = 30;

/** The first few batches of a set, over and over: what is learnt of them shows within thirty steps. */
export async function few<Batch extends object>(stream: AsyncIterable<Batch>): Promise<readonly Batch[]> {
	const kept: Batch[] = [];
	for await (const batch of stream) {
		kept.push(batch);
		if (kept.length === 3) break;
	}
	return kept;
}

/** One system of a family. */
export interface FamilyCase {
	readonly build: (seed: number) => Gan<never>;
	/** Three batches; disposed with the test. */
	readonly batches: () => Promise<readonly object[]>;
	/** Side of the pictures. */
	readonly size: number;
	/** Loss that must fall. */
	readonly falls: string;
	/** Share of its first mean that its last one must be below. */
	readonly below: number;
}

/** On each engine: leaks nothing, learns, goes on from a checkpoint as if it had not stopped, and its maps lie in [0, 1]. */
export async function trainsAndGoesOn(t: ExecutionContext, one: FamilyCase): Promise<void> {
	const { build, batches, size, falls, below } = one;
	await onEngines(async (engine) => {
		const folder = await temporaryFolder(t);
		const given = await batches();
		const random = Random.seed(5);
		const step = (gan: Gan<never>, iteration: number): Losses => {
			const batch = given[iteration % given.length] as never;
			return gan.step(batch, gan.draw(random.split(iteration), batch, iteration), iteration);
		};
		using gan = build(1);
		const losses: Losses[] = [];
		let tensors = 0;
		for (let iteration = 0; iteration < steps; iteration += 1) {
			// Pools are full by then, and every moment is there.
			if (iteration === 10) tensors = tf.memory().numTensors;
			losses.push(step(gan, iteration));
		}
		t.is(tf.memory().numTensors, tensors, engine);
		t.true(losses.flatMap((all) => Object.values(all)).every(Number.isFinite));
		const mean = (part: readonly Losses[]) => part.reduce((sum, all) => sum + (all[falls] as number), 0) / part.length;
		// Each mean is over the same three batches, three times.
		const [first, last] = [mean(losses.slice(0, 9)), mean(losses.slice(-9))];
		t.true(last < below * first, `${engine}: ${falls} from ${first} to ${last}`);

		const header = { system: gan.id, step: steps, seed: 1, settings: {} };
		await saveCheckpoint(folder, gan, header);
		using again = build(2);
		await loadCheckpoint(folder, again, header);
		for (let iteration = steps; iteration < steps + 2; iteration += 1) {
			t.deepEqual(step(again, iteration), step(gan, iteration), `${engine}, step ${iteration}`);
		}
		const maps = gan.attention(given[0] as never);
		for (const map of Object.values(maps)) {
			t.deepEqual(map.shape.slice(1), [size, size]);
			const values = map.dataSync();
			t.true(Math.min(...values) >= 0 && Math.max(...values) <= 1);
		}
		tf.dispose([maps, given] as unknown as tf.TensorContainer);
	});
}
