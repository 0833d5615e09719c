/**
 * Several yes-or-no labels a sample, such as attributes: `labels` (0 or 1) and `scores` are [count, attributes] row-major.
 */
import { averagePrecisionOf, rocArea } from "./roc.ts";

export interface MultilabelScores {
	/** ROC AUC of each attribute. */
	readonly auc: readonly number[];
	/** Average precision of each attribute. */
	readonly averagePrecision: readonly number[];
	/** Average precision of all decisions pooled. */
	readonly microAveragePrecision: number;
	/** Accuracy of each attribute at the threshold. */
	readonly accuracy: readonly number[];
	/** Share of samples with every attribute right. */
	readonly exactMatch: number;
	/** Share of wrong decisions. */
	readonly hammingLoss: number;
}

export function multilabelScores(
	labels: Int32Array,
	scores: Float64Array,
	attributes: number,
	{
		threshold = 0.5,
	}: {
		/** Score from which an attribute is predicted. @default 0.5 */
		readonly threshold?: number;
	} = {},
): MultilabelScores {
	if (labels.length !== scores.length || labels.length === 0 || labels.length % attributes !== 0) {
		throw new RangeError(
			`multilabel: labels and scores must both be [count, ${attributes}], got ${labels.length} and ${scores.length} values`,
		);
	}
	const count = labels.length / attributes;
	const column = <Kind extends Int32Array | Float64Array>(values: Kind, attribute: number): Kind =>
		values.filter((_, at) => at % attributes === attribute) as Kind;
	const names = Array.from({ length: attributes }, (_, attribute) => attribute);
	const right = Array.from(labels, (label, at) => Number(((scores[at] as number) >= threshold ? 1 : 0) === label));
	const wrong = right.filter((hit) => hit === 0).length;
	const accuracy = names.map(
		(attribute) => right.reduce((sum, hit, at) => sum + (at % attributes === attribute ? hit : 0), 0) / count,
	);
	let exact = 0;
	for (let row = 0; row < count; row += 1) {
		if (right.slice(row * attributes, (row + 1) * attributes).every((hit) => hit === 1)) exact += 1;
	}
	return {
		auc: names.map((attribute) => rocArea(column(labels, attribute), column(scores, attribute))),
		averagePrecision: names.map((attribute) =>
			averagePrecisionOf(column(labels, attribute), column(scores, attribute)),
		),
		microAveragePrecision: averagePrecisionOf(labels, scores),
		accuracy,
		exactMatch: exact / count,
		hammingLoss: wrong / labels.length,
	};
}
