/**
 * False alarms and detections of the gate, by simulation: `node build/bench/gate.js [runs]`. A baseline and a new run are drawn
 * from one model, or from a model worse by three spreads of the change; tolerances are 0, so that chance alone decides.
 */
import { Random } from "../engine/random.ts";
import { baselineOf } from "../harness/baseline.ts";
import { check } from "../harness/check.ts";
import type { Report } from "../harness/report.ts";
import { type Score, score } from "../metrics/metric.ts";

const runs = Number(process.argv[2] ?? 4000);
const zero = { "*": { absolute: 0, relative: 0 } };

function report(one: Score): Report {
	const engine = { name: "none", version: "0" };
	return { schema: "fovea-report/1", created: "", fovea: "0", engine, seed: 0, inputs: {}, scores: [one] };
}

const fails = (before: Score, now: Score): boolean =>
	!check(report(now), baselineOf(report(before), {}), { tolerances: zero }).pass;

/** A mean of `count` values; its spread is estimated from them, as a report's is. */
function meanScore(random: Random, count: number, shift: number): Score {
	const values = Float64Array.from({ length: count }, () => random.normal() + shift);
	const mean = values.reduce((total, one) => total + one, 0) / count;
	const squares = values.reduce((total, one) => total + (one - mean) ** 2, 0);
	const spread = Math.sqrt(squares / (count - 1) / count);
	return score({ id: "mean", better: "lower", protocol: {} }, mean, { samples: { pictures: count }, spread });
}

/** Accuracy of `count` answers, right with `chance`; its spread by the binomial formula at the estimate. */
function accuracyScore(random: Random, count: number, chance: number): Score {
	let right = 0;
	for (let answer = 0; answer < count; answer += 1) if (random.uniform() < chance) right += 1;
	const share = right / count;
	const spread = Math.sqrt((share * (1 - share)) / count);
	return score({ id: "accuracy", better: "higher", protocol: {} }, share, { samples: { rows: count }, spread });
}

function share(draw: (random: Random) => boolean, label: string): string {
	let failed = 0;
	for (let run = 0; run < runs; run += 1) if (draw(Random.seed(1).split(label).split(run))) failed += 1;
	return `${((100 * failed) / runs).toFixed(1)} %`;
}

console.log(`| metric | samples | false alarms | caught at three spreads (${runs} runs each) |`);
console.log("| --- | ---: | ---: | ---: |");
for (const count of [30, 100]) {
	const three = 3 * Math.sqrt(2 / count);
	const rate = (shift: number) =>
		share(
			(random) => fails(meanScore(random.split(0), count, 0), meanScore(random.split(1), count, shift)),
			`${count} ${shift}`,
		);
	console.log(`| mean of normal values | ${count} | ${rate(0)} | ${rate(three)} |`);
}
for (const count of [200, 1000]) {
	const three = 3 * Math.sqrt((2 * 0.8 * 0.2) / count);
	const rate = (drop: number) =>
		share(
			(random) => fails(accuracyScore(random.split(0), count, 0.8), accuracyScore(random.split(1), count, 0.8 - drop)),
			`a${count} ${drop}`,
		);
	console.log(`| accuracy 0.8 | ${count} | ${rate(0)} | ${rate(three)} |`);
}
