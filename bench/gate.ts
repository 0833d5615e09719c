/**
 * False alarms and detections of the gate, by simulation. A baseline and a new run are drawn
 * from one model, or from a model worse by three spreads of the change; tolerances are 0, so that chance alone decides.
 */
import { Random } from "../engine/random.ts";
import { baselineOf } from "../harness/baseline.ts";
import { check } from "../harness/check.ts";
import type { Report } from "../harness/report.ts";
import { type Score, score } from "../metrics/metric.ts";
import type { Bench, Figure } from "./bench.ts";

const runs = 4000;
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

/** Share in percent of the runs in which `draw` fails. */
function share(draw: (random: Random) => boolean, label: string): number {
	let failed = 0;
	for (let run = 0; run < runs; run += 1) if (draw(Random.seed(1).split(label).split(run))) failed += 1;
	return (100 * failed) / runs;
}

export const bench: Bench = {
	about: `how often the gate fails an unchanged metric, and one worse by three spreads, over ${runs} simulated runs`,
	async run(report) {
		for (const count of [30, 100]) {
			const rate = (shift: number) =>
				share(
					(random) => fails(meanScore(random.split(0), count, 0), meanScore(random.split(1), count, shift)),
					`${count} ${shift}`,
				);
			both(report, `mean of ${count} normal values`, rate(0), rate(3 * Math.sqrt(2 / count)));
		}
		for (const count of [200, 1000]) {
			const rate = (drop: number) =>
				share(
					(random) =>
						fails(accuracyScore(random.split(0), count, 0.8), accuracyScore(random.split(1), count, 0.8 - drop)),
					`a${count} ${drop}`,
				);
			both(report, `accuracy 0.8 of ${count} answers`, rate(0), rate(threeSpreads(count)));
		}
	},
};

/** A drop from 0.8 that is three deviations of the change: the worse share varies more. */
function threeSpreads(count: number): number {
	let drop = 0;
	for (let round = 0; round < 50; round += 1) {
		const worse = 0.8 - drop;
		drop = 3 * Math.sqrt((0.8 * 0.2 + worse * (1 - worse)) / count);
	}
	return drop;
}

/** 5 % and 90 % by the rule; the spread is estimated and the runs are counted, which leaves a point. */
function both(report: (figure: Figure) => void, name: string, alarms: number, caught: number): void {
	report({ name: `${name}, false alarms`, ours: alarms, unit: "%", target: "≤ 6 %", pass: alarms <= 6 });
	report({ name: `${name}, caught at three spreads`, ours: caught, unit: "%", target: "≥ 88 %", pass: caught >= 88 });
}
