import { classCount, classScores, predictions, requireChances } from "./labels.ts";
import type { LabelledMetric } from "./metric.ts";

export interface CalibrationBin {
	readonly count: number;
	/** Share of the bin predicted right; NaN in an empty bin. */
	readonly accuracy: number;
	/** Mean confidence; NaN in an empty bin. */
	readonly confidence: number;
}

export interface CalibrationOptions {
	/** @default 15 */
	readonly bins?: number;
	/**
	 * `width`: equal widths, right end included; `width-left`: left end included, as torchmetrics; `mass`: equal numbers of
	 * samples in order of confidence. @default "width"
	 */
	readonly binning?: "width" | "width-left" | "mass";
	/**
	 * `predicted`: the confidence of the predicted class, right or wrong; `positive`: the chance of class 1 against the label
	 * (two classes), as torchmetrics' binary form. @default "predicted"
	 */
	readonly of?: "predicted" | "positive";
}

/**
 * Expected calibration error (Naeini et al., 2015): Σ over bins of share |accuracy - mean confidence|. `norm` "max" gives
 * the largest gap, "l2" the root of the mean squared gap.
 */
export function ece({
	bins = 15,
	binning = "width",
	of = "predicted",
	norm = "l1",
}: CalibrationOptions & {
	/** @default "l1" */
	readonly norm?: "l1" | "l2" | "max";
} = {}): LabelledMetric {
	return {
		kind: "labelled",
		id: "ece",
		better: "lower",
		protocol: { bins, binning, of, norm },
		value(labels, scores) {
			const filled = calibration(labels, scores, { bins, binning, of }).filter(({ count }) => count > 0);
			const gap = ({ accuracy, confidence }: CalibrationBin): number => Math.abs(accuracy - confidence);
			const mean = (power: number): number =>
				filled.reduce((sum, bin) => sum + (bin.count / labels.length) * gap(bin) ** power, 0);
			if (norm === "max") return Math.max(...filled.map(gap));
			return norm === "l1" ? mean(1) : Math.sqrt(mean(2));
		},
	};
}

/** The bins of a reliability diagram. Scores must be chances in [0, 1]. */
export function calibration(
	labels: Int32Array,
	scores: Float64Array,
	{ bins = 15, binning = "width", of = "predicted" }: CalibrationOptions = {},
): CalibrationBin[] {
	const classes = classCount("ece", labels, scores);
	requireChances("ece", labels, scores);
	if (!Number.isInteger(bins) || bins < 1) throw new RangeError(`ece: bins must be a whole number from 1, got ${bins}`);
	if (of === "positive" && classes !== 2) throw new RangeError(`ece: of positive needs two classes, got ${classes}`);
	const predicted = predictions(labels, scores, 0.5);
	const columns = Array.from({ length: classes }, (_, label) => classScores(labels, scores, label));
	const chosen = of === "positive" ? labels.map(() => 1) : predicted;
	const confidence = Float64Array.from(chosen, (label, row) => columns[label]?.[row] as number);
	const right = Array.from(chosen, (label, row) => Number(labels[row] === label));
	return groups(confidence, bins, binning).map((rows) => {
		const mean = (value: (row: number) => number): number =>
			rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
		return {
			count: rows.length,
			accuracy: mean((row) => right[row] as number),
			confidence: mean((row) => confidence[row] as number),
		};
	});
}

/** Sample numbers of each bin. */
function groups(confidence: Float64Array, bins: number, binning: "width" | "width-left" | "mass"): number[][] {
	const result = Array.from({ length: bins }, (): number[] => []);
	const rows = Array.from(confidence.keys());
	if (binning === "mass") {
		rows.sort((i, j) => (confidence[i] as number) - (confidence[j] as number) || i - j);
		const larger = rows.length % bins;
		const size = Math.floor(rows.length / bins);
		for (const [bin, group] of result.entries()) {
			const start = bin * size + Math.min(bin, larger);
			group.push(...rows.slice(start, start + size + Number(bin < larger)));
		}
		return result;
	}
	for (const row of rows) {
		const value = confidence[row] as number;
		let bin = 0;
		while (bin < bins - 1 && (binning === "width" ? value > (bin + 1) / bins : value >= (bin + 1) / bins)) bin += 1;
		result[bin]?.push(row);
	}
	return result;
}
