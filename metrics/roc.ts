/**
 * Curves over all thresholds of a score, two classes (label 1 is positive). Equal scores are one step, so that a tie
 * counts one half in the area: the Mann-Whitney statistic.
 */

export interface CurveOptions {
	/** Weight of each sample. @default 1 each */
	readonly weights?: ArrayLike<number>;
}

/** Weight of false and true positives when predicting 1 from each distinct score up, thresholds descending. */
interface Steps {
	readonly thresholds: number[];
	readonly falsePositives: number[];
	readonly truePositives: number[];
}

export interface RocCurve {
	/** Descending; the first is infinite: nothing is predicted 1. */
	readonly thresholds: readonly number[];
	readonly falsePositiveRate: readonly number[];
	readonly truePositiveRate: readonly number[];
}

export interface PrecisionRecallCurve {
	/** Ascending. Precision and recall have one point more, (1, 0), at the end. */
	readonly thresholds: readonly number[];
	readonly precision: readonly number[];
	readonly recall: readonly number[];
}

function steps(labels: ArrayLike<number>, scores: ArrayLike<number>, { weights }: CurveOptions): Steps {
	if (labels.length !== scores.length || (weights !== undefined && weights.length !== labels.length)) {
		throw new RangeError(
			`roc: labels, scores and weights must be equally many, got ${labels.length}, ${scores.length}, ${weights?.length ?? labels.length}`,
		);
	}
	const order = Array.from({ length: scores.length }, (_, at) => at);
	order.sort((i, j) => (scores[j] as number) - (scores[i] as number));
	const result: Steps = { thresholds: [], falsePositives: [], truePositives: [] };
	let [falsePositives, truePositives] = [0, 0];
	order.forEach((at, rank) => {
		const weight = weights === undefined ? 1 : (weights[at] as number);
		if (labels[at] === 1) truePositives += weight;
		else falsePositives += weight;
		const next = order[rank + 1];
		if (next !== undefined && scores[next] === scores[at]) return;
		result.thresholds.push(scores[at] as number);
		result.falsePositives.push(falsePositives);
		result.truePositives.push(truePositives);
	});
	if (!(falsePositives > 0 && truePositives > 0)) {
		throw new RangeError(`roc: needs samples of both classes, got only class ${truePositives > 0 ? 1 : 0}`);
	}
	return result;
}

/** The ROC curve; points on a straight line between their neighbours are left out unless `all`. */
export function rocCurve(
	labels: ArrayLike<number>,
	scores: ArrayLike<number>,
	{ all = false, ...options }: CurveOptions & { readonly all?: boolean } = {},
): RocCurve {
	const { thresholds, falsePositives, truePositives } = steps(labels, scores, options);
	const last = thresholds.length - 1;
	const bends = (values: readonly number[], at: number): boolean =>
		(values[at + 1] as number) - 2 * (values[at] as number) + (values[at - 1] as number) !== 0;
	const kept = thresholds
		.map((_, at) => at)
		.filter((at) => all || at === 0 || at === last || bends(falsePositives, at) || bends(truePositives, at));
	const rate = (values: readonly number[]): number[] => [
		0,
		...kept.map((at) => (values[at] as number) / (values[last] as number)),
	];
	return {
		thresholds: [Number.POSITIVE_INFINITY, ...kept.map((at) => thresholds[at] as number)],
		falsePositiveRate: rate(falsePositives),
		truePositiveRate: rate(truePositives),
	};
}

/** Precision and recall when predicting 1 from each distinct score up. */
export function precisionRecallCurve(
	labels: ArrayLike<number>,
	scores: ArrayLike<number>,
	options: CurveOptions = {},
): PrecisionRecallCurve {
	const { thresholds, falsePositives, truePositives } = steps(labels, scores, options);
	const positives = truePositives.at(-1) as number;
	const precision = truePositives.map((hits, at) => hits / (hits + (falsePositives[at] as number)));
	return {
		thresholds: thresholds.toReversed(),
		precision: [...precision.reverse(), 1],
		recall: [...truePositives.map((hits) => hits / positives).reverse(), 0],
	};
}

/** Area under points by the trapezoid rule; x must not turn back. */
export function trapezoid(x: readonly number[], y: readonly number[]): number {
	let area = 0;
	for (let at = 1; at < x.length; at += 1) {
		area += (((x[at] as number) - (x[at - 1] as number)) * ((y[at] as number) + (y[at - 1] as number))) / 2;
	}
	return Math.abs(area);
}

/** Area under the ROC curve. */
export function rocArea(labels: ArrayLike<number>, scores: ArrayLike<number>, options: CurveOptions = {}): number {
	const { falsePositiveRate, truePositiveRate } = rocCurve(labels, scores, { ...options, all: true });
	return trapezoid(falsePositiveRate, truePositiveRate);
}

/** Area up to a false-positive rate, standardised (McClish, 1989) so that chance gives 0.5 and a perfect curve 1. */
export function partialRocArea(labels: ArrayLike<number>, scores: ArrayLike<number>, most: number): number {
	if (!(most > 0 && most <= 1)) throw new RangeError(`partialRocArea: most must be in (0, 1], got ${most}`);
	const { falsePositiveRate: x, truePositiveRate: y } = rocCurve(labels, scores);
	const stop = x.findIndex((rate) => rate > most);
	if (stop < 0) return trapezoid(x, y);
	const [left, right] = [x[stop - 1] as number, x[stop] as number];
	const [low, high] = [y[stop - 1] as number, y[stop] as number];
	const end = low + ((high - low) * (most - left)) / (right - left);
	const area = trapezoid([...x.slice(0, stop), most], [...y.slice(0, stop), end]);
	const chance = most ** 2 / 2;
	return 0.5 * (1 + (area - chance) / (most - chance));
}

/** Youden's J = max(TPR - FPR) and the (highest) threshold that reaches it. */
export function youden(labels: ArrayLike<number>, scores: ArrayLike<number>): { j: number; threshold: number } {
	const { thresholds, falsePositiveRate, truePositiveRate } = rocCurve(labels, scores);
	let best = 0;
	const gain = (at: number): number => (truePositiveRate[at] as number) - (falsePositiveRate[at] as number);
	for (let at = 1; at < thresholds.length; at += 1) if (gain(at) > gain(best)) best = at;
	return { j: gain(best), threshold: thresholds[best] as number };
}

/** Equal error rate: mean of FPR and FNR at the point of the curve where they are nearest. */
export function equalErrorRate(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
	const { falsePositiveRate, truePositiveRate } = rocCurve(labels, scores);
	let best = 0;
	const gap = (at: number): number =>
		Math.abs(1 - (truePositiveRate[at] as number) - (falsePositiveRate[at] as number));
	for (let at = 1; at < falsePositiveRate.length; at += 1) if (gap(at) < gap(best)) best = at;
	return ((falsePositiveRate[best] as number) + 1 - (truePositiveRate[best] as number)) / 2;
}

/** Σ (R_n - R_{n-1}) P_n over the steps of the precision-recall curve. */
export function averagePrecisionOf(
	labels: ArrayLike<number>,
	scores: ArrayLike<number>,
	options: CurveOptions = {},
): number {
	const { precision, recall } = precisionRecallCurve(labels, scores, options);
	let sum = 0;
	for (let at = 0; at < recall.length - 1; at += 1) {
		sum += ((recall[at] as number) - (recall[at + 1] as number)) * (precision[at] as number);
	}
	return sum;
}
