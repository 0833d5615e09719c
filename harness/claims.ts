/**
 * Published claims against measured ones. A claim says that one system is better than another by some metric; each system
 * was trained from several seeds and every training was scored on several resamples of the test pictures.
 */
import { Random } from "../engine/random.ts";
import { quantile } from "../metrics/statistics/quantile.ts";
import type { Claim } from "../models/paper.ts";

/** A value on all test pictures, and on each resample of them (the same resamples for every training). */
export interface Resampled {
	readonly value: number;
	readonly resamples: readonly number[];
}

/** Scores of one training. */
export interface TrainingScores extends Resampled {
	readonly seed: number;
	/** Why this training may not be judged, or undefined where it clears the floor. */
	readonly belowFloor?: string | undefined;
}

export interface ClaimVerdict {
	readonly text: string;
	readonly where: string;
	readonly published: string;
	/** Mean gain of the better system, in the metric's unit: positive supports the claim. */
	readonly measured: number;
	readonly interval: { readonly low: number; readonly high: number; readonly level: number; readonly method: string };
	readonly verdict: "held" | "not-held" | "undecided";
	readonly why: string;
}

/**
 * Decides a claim. The interval redraws, `redraws` times, the trainings (with replacement) and the resample of test pictures,
 * which all trainings share; it therefore covers the chance of training and of sampling. Where both systems were trained from
 * the same seeds (data in the same order, the same start), seeds are drawn in pairs, else each side by itself. `held` or
 * `not-held` needs an interval on one side of zero, every training of both systems above the floor, and as many trainings of
 * each as `wanted`; else `undecided`.
 */
export function decide(
	claim: Claim,
	better: readonly TrainingScores[],
	worse: readonly TrainingScores[],
	{
		seed,
		level = 0.95,
		redraws = 2000,
		wanted = 1,
	}: { readonly seed: number; readonly level?: number; readonly redraws?: number; readonly wanted?: number },
): ClaimVerdict {
	const sign = claim.direction === "lower" ? 1 : -1;
	const mean = (scores: readonly TrainingScores[]) =>
		scores.reduce((sum, { value }) => sum + value, 0) / Math.max(1, scores.length);
	const measured = sign * (mean(worse) - mean(better));
	const resamples = Math.min(...[...better, ...worse].map((training) => training.resamples.length));
	const paired = better.length === worse.length && better.every(({ seed }, index) => seed === worse[index]?.seed);
	const random = Random.seed(seed).split("claims").split(claim.text);
	const gains = Float64Array.from({ length: redraws }, () => {
		const resample = random.integer(resamples);
		const rows = (count: number) => Array.from({ length: count }, () => random.integer(count));
		const meanOf = (scores: readonly TrainingScores[], drawn: readonly number[]) =>
			drawn.reduce((sum, row) => sum + ((scores[row] as TrainingScores).resamples[resample] as number), 0) /
			drawn.length;
		const drawn = rows(worse.length);
		return sign * (meanOf(worse, drawn) - meanOf(better, paired ? drawn : rows(better.length)));
	});
	const [low, high] = [quantile(gains, (1 - level) / 2), quantile(gains, (1 + level) / 2)];
	const trainings = [
		...better.map((training) => ({ system: claim.better, ...training })),
		...worse.map((training) => ({ system: claim.worse, ...training })),
	];
	const [first, ...others] = trainings.filter(({ belowFloor }) => belowFloor !== undefined);
	const rest = {
		text: claim.text,
		where: claim.where,
		published: claim.published ?? "",
		measured,
		interval: {
			low,
			high,
			level,
			method: `bootstrap over ${paired ? `${better.length} pairs of` : `${better.length} and ${worse.length}`} trainings and ${resamples} resamples of the test pictures`,
		},
	};
	if (first !== undefined) {
		const more = others.length === 0 ? "" : `; ${others.length} more of ${trainings.length} trainings as well`;
		const why = `${first.system} (seed ${first.seed}) is below the floor, ${first.belowFloor}${more}`;
		return { ...rest, verdict: "undecided", why };
	}
	if (low <= 0 && high >= 0) return { ...rest, verdict: "undecided", why: "the interval contains zero" };
	const few = [better, worse].find(({ length }) => length < wanted);
	if (few !== undefined) {
		const why = `${few === better ? claim.better : claim.worse} was trained from ${few.length} of ${wanted} seeds`;
		return { ...rest, verdict: "undecided", why };
	}
	if (low > 0) return { ...rest, verdict: "held", why: "the interval lies above zero" };
	return { ...rest, verdict: "not-held", why: "the interval lies below zero" };
}
