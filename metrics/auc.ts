import { classCount, classScores, isClass, requireEveryClass } from "./labels.ts";
import type { LabelledMetric } from "./metric.ts";
import { rocArea } from "./roc.ts";
import { delongInterval } from "./statistics/delong.ts";

/**
 * Area under the ROC curve, ties counting one half. Several classes: `ovr`, each class against the rest; `ovo`, each pair
 * of classes with both scores (Hand and Till, 2001); the `macro` mean, or weighted by how often the classes occur. Throws
 * when a class that is needed has no sample. The interval of two classes with two samples each or more is DeLong's.
 */
export function auc({
	multiclass = "ovr",
	average = "macro",
}: {
	/** @default "ovr" */
	readonly multiclass?: "ovr" | "ovo";
	/** @default "macro" */
	readonly average?: "macro" | "weighted";
} = {}): LabelledMetric {
	return {
		kind: "labelled",
		id: "auc",
		better: "higher",
		protocol: { multiclass, average, ties: 0.5 },
		value(labels, scores) {
			const classes = classCount("auc", labels, scores);
			if (classes === 2) return rocArea(labels, classScores(labels, scores, 1));
			requireEveryClass("auc", labels, classes);
			const parts =
				multiclass === "ovr" ? oneVersusRest(labels, scores, classes) : oneVersusOne(labels, scores, classes);
			const weight = (part: Part): number => (average === "macro" ? 1 : part.share);
			const total = parts.reduce((sum, part) => sum + weight(part), 0);
			return parts.reduce((sum, part) => sum + weight(part) * part.area, 0) / total;
		},
		interval(labels, scores, level) {
			const positives = labels.filter((label) => label === 1).length;
			if (classCount("auc", labels, scores) !== 2 || Math.min(positives, labels.length - positives) < 2)
				return undefined;
			return delongInterval(labels, classScores(labels, scores, 1), level);
		},
	};
}

interface Part {
	readonly area: number;
	/** Samples of the class or pair. */
	readonly share: number;
}

function oneVersusRest(labels: Int32Array, scores: Float64Array, classes: number): Part[] {
	return Array.from({ length: classes }, (_, label) => {
		const positive = isClass(labels, label);
		return { area: rocArea(positive, classScores(labels, scores, label)), share: positive.reduce((a, b) => a + b, 0) };
	});
}

function oneVersusOne(labels: Int32Array, scores: Float64Array, classes: number): Part[] {
	const parts: Part[] = [];
	for (let a = 0; a < classes; a += 1) {
		for (let b = a + 1; b < classes; b += 1) {
			const rows = Int32Array.from(labels.keys()).filter((row) => labels[row] === a || labels[row] === b);
			const area = (positive: number): number => {
				const column = classScores(labels, scores, positive);
				return rocArea(
					rows.map((row) => (labels[row] === positive ? 1 : 0)),
					Float64Array.from(rows, (row) => column[row] as number),
				);
			};
			parts.push({ area: (area(a) + area(b)) / 2, share: rows.length });
		}
	}
	return parts;
}
