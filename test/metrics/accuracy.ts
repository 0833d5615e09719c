import test from "ava";
import { accuracy } from "../../metrics/accuracy.ts";
import { balancedAccuracy } from "../../metrics/balanced-accuracy.ts";
import { confusionMatrix, predictions } from "../../metrics/labels.ts";
import { close, Golden, goldenFolders } from "../helpers/golden.ts";

/** The files' own tolerance. */
const tolerance = 1e-10;

interface Case {
	readonly name: string;
	readonly kind: string;
	readonly values: {
		"at_threshold_0.5"?: { accuracy: number; balanced_accuracy: number };
		accuracy?: number;
		balanced_accuracy?: number;
		confusion_matrix_rows_true?: number[][];
		confusion?: number[][];
	};
}

for (const folder of goldenFolders()) {
	const golden = new Golden<{ cases: Case[] }>(folder, "classifier");
	for (const { name, kind, values } of golden.document.cases) {
		test(`accuracy and confusion of ${name}, ${folder}, are reproduced`, (t) => {
			const labels = golden.int32(`${name}/y`);
			if (kind === "binary") {
				const scores = golden.float64(`${name}/score`);
				const expected = values["at_threshold_0.5"];
				t.true(close(accuracy().value(labels, scores), expected?.accuracy as number, tolerance));
				t.true(close(balancedAccuracy().value(labels, scores), expected?.balanced_accuracy as number, tolerance));
			} else if (kind === "multiclass") {
				const scores = golden.float64(`${name}/prob`);
				t.true(close(accuracy().value(labels, scores), values.accuracy as number, tolerance));
				t.true(close(balancedAccuracy().value(labels, scores), values.balanced_accuracy as number, tolerance));
				t.deepEqual(
					[...confusionMatrix(labels, predictions(labels, scores, 0.5), 5)],
					values.confusion_matrix_rows_true?.flat(),
				);
			} else if (kind === "multiclass labels") {
				t.deepEqual([...confusionMatrix(labels, golden.int32(`${name}/pred`), 4)], values.confusion?.flat());
			} else {
				t.is(kind, "multilabel");
			}
		});
	}
}

test("balanced accuracy of one constant answer is one over the number of classes", (t) => {
	const labels = Int32Array.of(0, 0, 0, 0, 1, 1, 2);
	const scores = Float64Array.from({ length: 21 }, (_, at) => (at % 3 === 0 ? 1 : 0));
	t.is(balancedAccuracy().value(labels, scores), 1 / 3);
	t.is(accuracy().value(labels, scores), 4 / 7);
});

test("the order of the samples is of no matter", (t) => {
	const labels = Int32Array.of(0, 1, 1, 0, 1);
	const scores = Float64Array.of(0.1, 0.9, 0.4, 0.6, 0.5);
	t.is(accuracy().value(labels.slice().reverse(), scores.slice().reverse()), accuracy().value(labels, scores));
});

test("bad labels and scores are refused in one line", (t) => {
	const run = (labels: number[], scores: number[]): string | undefined =>
		t.throws(() => accuracy().value(Int32Array.from(labels), Float64Array.from(scores)), { instanceOf: RangeError })
			?.message;
	t.is(run([], []), "accuracy: needs at least one sample, got none");
	t.is(run([0, 1], [0.5]), "accuracy: scores must hold one or more values per label, got 1 for 2");
	t.is(run([0, 2], [0.5, 0.5]), "accuracy: labels must be from 0 to 1, got 2");
	t.is(run([0, 1], [Number.NaN, 0.5]), "accuracy: scores must be numbers, got NaN at 0");
});
