import { startEngine } from "../engine/engine.ts";
import { Random } from "../engine/random.ts";
import { formulaWeight } from "../harness/parity/formula-weights.ts";
import { inception } from "../metrics/features/inception.ts";
import { against, type Bench, median } from "./bench.ts";
import { startRival } from "./rival.ts";

const batch = 8;
/** Both sides take turns, so that a busy minute of the machine hits both. */
const rounds = 3;

export const bench: Bench = {
	about: `features of ${batch} pictures of 299 × 299 by Inception v3 against torch-fidelity, weights by formula on both sides, two threads`,
	async run(report) {
		await startEngine({ engine: "tensorflow" });
		using rival = startRival("inception.py");
		const { shapes } = await rival.ask<{ shapes: Record<string, number[]> }>({ batch });
		using network = inception({
			weights: (name) => {
				const shape = shapes[name];
				return shape === undefined ? undefined : { shape, data: formulaWeight(name, shape) };
			},
			sha256: "formula",
		});
		const pixels = Float32Array.from(Random.seed(1).uniforms(batch * 299 * 299 * 3, 0, 256), Math.floor);
		const [mine, theirs]: [number[], number[]] = [[], []];
		for (let round = 0; round <= rounds; round += 1) {
			const start = performance.now();
			await network.extract(pixels, batch);
			const taken = performance.now() - start;
			const { ms } = await rival.ask<{ ms: number }>({ run: true });
			// The first round warms both up.
			if (round === 0) continue;
			mine.push(taken / batch);
			theirs.push(ms / batch);
		}
		report(against("Inception v3 features, a picture", "ms", median(mine), median(theirs), 1));
	},
};
