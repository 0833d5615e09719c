/**
 * Labels and predictions: what the labelled metrics share. `scores` is [count] (the chance of class 1 of two) or
 * [count, classes] row-major.
 */

/** Checks labels and scores and gives the number of classes. */
export function classCount(where: string, labels: Int32Array, scores: Float64Array): number {
	const count = labels.length;
	if (count === 0) throw new RangeError(`${where}: needs at least one sample, got none`);
	if (scores.length % count !== 0 || scores.length === 0) {
		throw new RangeError(`${where}: scores must hold one or more values per label, got ${scores.length} for ${count}`);
	}
	const bad = scores.findIndex((score) => Number.isNaN(score));
	if (bad >= 0) throw new RangeError(`${where}: scores must be numbers, got NaN at ${bad}`);
	const classes = Math.max(2, scores.length / count);
	const outside = labels.find((label) => label < 0 || label >= classes);
	if (outside !== undefined) {
		throw new RangeError(`${where}: labels must be from 0 to ${classes - 1}, got ${outside}`);
	}
	return classes;
}

/** The predicted class of each sample: score ≥ `threshold` for two classes, else the largest score (the first of equals). */
export function predictions(labels: Int32Array, scores: Float64Array, threshold: number): Int32Array {
	const columns = scores.length / labels.length;
	return labels.map((_, row) => {
		if (columns === 1) return (scores[row] as number) >= threshold ? 1 : 0;
		let best = 0;
		for (let column = 1; column < columns; column += 1) {
			if ((scores[row * columns + column] as number) > (scores[row * columns + best] as number)) best = column;
		}
		return best;
	});
}

/** Counts [true class, predicted class], row-major. */
export function confusionMatrix(labels: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): Int32Array {
	if (labels.length !== predicted.length) {
		throw new RangeError(
			`confusion: labels and predictions must be equally many, got ${labels.length} and ${predicted.length}`,
		);
	}
	const counts = new Int32Array(classes * classes);
	for (let at = 0; at < labels.length; at += 1) {
		const cell = (labels[at] as number) * classes + (predicted[at] as number);
		counts[cell] = (counts[cell] as number) + 1;
	}
	return counts;
}

/** The score of one class for every sample: of two classes with one score each, that score or what it leaves of 1. */
export function classScores(labels: Int32Array, scores: Float64Array, label: number): Float64Array {
	const columns = scores.length / labels.length;
	if (columns === 1) return label === 1 ? scores : scores.map((score) => 1 - score);
	return Float64Array.from(labels, (_, row) => scores[row * columns + label] as number);
}

/** 1 where the label is this class, else 0. */
export function isClass(labels: Int32Array, label: number): Int32Array {
	return labels.map((value) => (value === label ? 1 : 0));
}

/** Throws unless all scores are chances, and those of a sample sum to 1 but for what rounding to two decimals takes. */
export function requireChances(where: string, labels: Int32Array, scores: Float64Array): void {
	const bad = scores.find((score) => !(score >= 0 && score <= 1));
	if (bad !== undefined) throw new RangeError(`${where}: scores must be chances from 0 to 1, got ${bad}`);
	const columns = scores.length / labels.length;
	if (columns === 1) return;
	for (let row = 0; row < labels.length; row += 1) {
		const sum = scores.subarray(row * columns, (row + 1) * columns).reduce((total, score) => total + score, 0);
		if (Math.abs(sum - 1) <= 0.005 * columns + Number.EPSILON * columns) continue;
		throw new RangeError(`${where}: the chances of a sample must sum to 1, got ${sum} for sample ${row}`);
	}
}

/** Throws where a class has no sample: its curve is undefined. */
export function requireEveryClass(where: string, labels: Int32Array, classes: number): void {
	const seen = new Set(labels);
	for (let label = 0; label < classes; label += 1) {
		if (seen.has(label)) continue;
		throw new RangeError(`${where}: needs samples of all ${classes} classes, got none of class ${label} (from 0)`);
	}
}
