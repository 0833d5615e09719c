import { Random } from "../engine/random.ts";
import { accuracy } from "../metrics/accuracy.ts";
import type { Interval, Picture } from "../metrics/metric.ts";
import { psnr } from "../metrics/psnr.ts";
import { rocArea } from "../metrics/roc.ts";
import { binomialInterval } from "../metrics/statistics/binomial.ts";
import { bootstrapInterval, bootstrapStatistic, type IntervalMethod } from "../metrics/statistics/bootstrap.ts";
import { delongInterval } from "../metrics/statistics/delong.ts";
import { normalCumulative } from "../metrics/statistics/normal.ts";
import type { Bench } from "./bench.ts";

const level = 0.95;
const trials = 1000;
const resamples = 400;

/** One way to an interval of one metric, and the metric's true value under the simulated data. */
interface Design {
	readonly name: string;
	readonly truth: number;
	/** Held to 93 to 97 %. The others are printed to compare. */
	readonly held: boolean;
	/** A fresh set from the generator, and its interval. */
	interval(random: Random, seed: number): Interval;
}

export const bench: Bench = {
	about: "how often 95 % intervals hold the true value, over simulated sets",
	async run(report) {
		for (const { name, truth, held, interval } of [...accuracies(), ...areas(), ...(await decibels())]) {
			let inside = 0;
			for (let trial = 0; trial < trials; trial += 1) {
				const { low, high } = interval(Random.seed(trial).split(name), trial);
				if (low <= truth && truth <= high) inside += 1;
			}
			const covered = (100 * inside) / trials;
			const pass = !held || (covered >= 93 && covered <= 97);
			report({ name, ours: covered, unit: "%", target: held ? "93 to 97" : "", pass });
		}
	},
};

/** Accuracy of 200 answers of which each class is right with its own chance. */
function accuracies(): Design[] {
	const count = 200;
	const chances = [0.85, 0.7] as const;
	const draw = (random: Random): { labels: Int32Array; scores: Float64Array } => {
		const labels = Int32Array.from({ length: count }, (_, at) => at % 2);
		const scores = Float64Array.from(labels, (label) =>
			random.uniform() < (chances[label as 0 | 1] as number) ? label : 1 - label,
		);
		return { labels, scores };
	};
	const truth = (chances[0] + chances[1]) / 2;
	return [
		{
			name: `accuracy, ${count} answers, stratified percentile`,
			truth,
			held: true,
			interval(random, seed) {
				const { labels, scores } = draw(random);
				const right = labels.map((label, at) => Number(label === scores[at]));
				return bootstrapStatistic(count, (rows) => share(right, rows), { seed, resamples, strata: labels });
			},
		},
		{
			name: `accuracy, ${count} answers, Wilson`,
			truth,
			held: true,
			interval(random) {
				const { labels, scores } = draw(random);
				return binomialInterval(Math.round(accuracy().value(labels, scores) * count), count);
			},
		},
	];
}

function share(right: Int32Array, rows: Int32Array): number {
	let sum = 0;
	for (let at = 0; at < rows.length; at += 1) sum += right[rows[at] as number] as number;
	return sum / rows.length;
}

/** AUC of normal scores, the positives one deviation higher: P(difference of two normals > 0) = Φ(1 / √2). */
function areas(): Design[] {
	const count = 100;
	const truth = normalCumulative(Math.SQRT1_2);
	const labels = Int32Array.from({ length: count }, (_, at) => at % 2);
	const draw = (random: Random): Float64Array => Float64Array.from(labels, (label) => label + random.normal());
	const bootstrap = (method: IntervalMethod): Design => ({
		name: `AUC, 50 + 50 scores, stratified ${method}`,
		truth,
		held: method === "percentile",
		interval(random, seed) {
			const scores = draw(random);
			const area = (rows: Int32Array): number =>
				rocArea(
					rows.map((row) => labels[row] as number),
					Float64Array.from(rows, (row) => scores[row] as number),
				);
			return bootstrapStatistic(count, area, { seed, resamples, method, strata: labels });
		},
	});
	return [
		{
			name: "AUC, 50 + 50 scores, DeLong",
			truth,
			held: true,
			interval: (random) => delongInterval(labels, draw(random), level),
		},
		bootstrap("percentile"),
	];
}

/**
 * Mean PSNR of 50 pictures of 8 × 8 under Gaussian noise, whose strength varies from picture to picture. The true mean is
 * that of a set a thousand times as large.
 */
async function decibels(): Promise<Design[]> {
	const count = 50;
	const metric = psnr({ range: 1 });
	const flat: Picture = { data: new Float64Array(64).fill(0.5), height: 8, width: 8, channels: 1 };
	const one = (random: Random): number => {
		const strength = 0.02 * Math.exp(0.5 * random.normal());
		const data = Float64Array.from(flat.data, (value) => value + strength * random.normal());
		return metric.value(flat, { ...flat, data }) as number;
	};
	const random = Random.seed(2 ** 40).split("population");
	let truth = 0;
	const many = 100_000;
	for (let at = 0; at < many; at += 1) truth += one(random) / many;
	return (["percentile", "bca"] as const).map((method) => ({
		name: `PSNR, mean of ${count} pictures, ${method}`,
		truth,
		held: method === "percentile",
		interval: (random, seed) =>
			bootstrapInterval(
				Array.from({ length: count }, () => one(random)),
				{ seed, resamples, method },
			),
	}));
}
