/**
 * How often 95 % intervals of sets hold what they are about, by simulation: `node build/bench/set-interval-coverage.js [trials]`. FID and
 * KID: the mean of the score over fresh pairs of sets of the SAME size (FID of endless sets lies lower, and no interval of
 * one size is about it). Sets are normal rows through a mixing matrix, clipped, so that features are correlated and skewed.
 */
import { Random } from "../engine/random.ts";
import { compareRows } from "../harness/evaluate.ts";
import { fid } from "../metrics/fid.ts";
import { kid } from "../metrics/kid.ts";
import type { DistributionMetric, Features, Interval } from "../metrics/metric.ts";

const trials = Number(process.argv[2] ?? 400);
const dimensions = 16;
const mixing = Random.seed(1).normals(dimensions ** 2, 0, 1 / Math.sqrt(dimensions));

function rows(random: Random, count: number, shift: number): Features {
	const data = new Float64Array(count * dimensions);
	for (let row = 0; row < count; row += 1) {
		const z = random.normals(dimensions);
		for (let column = 0; column < dimensions; column += 1) {
			let value = 0;
			for (let at = 0; at < dimensions; at += 1) {
				value += (z[at] as number) * (mixing[at * dimensions + column] as number);
			}
			data[row * dimensions + column] = Math.max(-0.5, value) + shift;
		}
	}
	return { data, count, dimensions };
}

const covers = (truth: number, interval: Interval | undefined): boolean =>
	interval !== undefined && interval.low <= truth && truth <= interval.high;

async function setCoverage(metric: DistributionMetric, count: number, shift: number): Promise<number> {
	const pair = (random: Random) =>
		[rows(random.split("real"), count, 0), rows(random.split("fake"), count, shift)] as const;
	const random = Random.seed(2).split(metric.id).split(count);
	let truth = 0;
	for (let trial = 0; trial < trials; trial += 1) {
		truth += (await metric.measure(...pair(random.split("truth").split(trial)))).value / trials;
	}
	let covered = 0;
	for (let trial = 0; trial < trials; trial += 1) {
		const [real, fake] = pair(random.split("trial").split(trial));
		const sides = [
			{ features: real, protocol: {} },
			{ features: fake, protocol: {} },
		] as const;
		const [score] = await compareRows(...sides, [metric], { seed: trial, resamples: 300 });
		if (covers(truth, score?.interval)) covered += 1;
	}
	return covered / trials;
}

console.log(`| metric | samples | coverage of 95 % intervals (${trials} trials) |`);
console.log("| --- | ---: | ---: |");
const line = (metric: string, samples: string, share: number) =>
	console.log(`| ${metric} | ${samples} | ${(100 * share).toFixed(1)} % |`);
for (const [count, shift] of [
	[100, 0.3],
	[400, 0.3],
	[200, 0],
] as const) {
	const sets = `${count} + ${count}, shift ${shift}`;
	line("fid", sets, await setCoverage(fid(), count, shift));
	line("kid", sets, await setCoverage(kid({ sampling: "all" }), count, shift));
}
