import test from "ava";
import { compareLabelTables, compareReports } from "../../harness/compare.ts";
import type { Report } from "../../harness/report.ts";
import { type Score, score } from "../../metrics/metric.ts";
import { close } from "../helpers/golden.ts";

const psnr = { id: "psnr", better: "higher", protocol: { protocol: "skimage" }, unit: "dB" } as const;
const rmse = { id: "rmse", better: "lower", protocol: { crop: 0 } } as const;

function scoreOf(metric: typeof psnr | typeof rmse, perImage: number[]): Score {
	const value = perImage.reduce((total, one) => total + one, 0) / perImage.length;
	return score(metric, value, { samples: { pairs: perImage.length }, perImage });
}

function system(name: string, scores: Score[], sha256 = "a") {
	const judged: Report = {
		schema: "fovea-report/1",
		created: "2026-01-01T00:00:00.000Z",
		fovea: "0.1.0",
		engine: { name: "wasm", version: "4" },
		seed: 0,
		inputs: { reference: { path: "ref", count: 6, sha256 }, image: { path: name, count: 6, sha256: name } },
		scores,
	};
	return { name, judged };
}

const base = [20, 24, 28, 23, 26, 22, 25, 27];
/** base + d: differences 1 … 8, of which `against` are negative. */
const shifted = (against: readonly number[] = []) =>
	base.map((value, at) => value + (against.includes(at + 1) ? -1 : 1) * (at + 1));

test("a difference has the p of all signs, Wilcoxon's, and Holm's correction, in the metric's direction", (t) => {
	const { rows, notes } = compareReports([
		system("a", [scoreOf(psnr, base), scoreOf(rmse, base)]),
		system("b", [scoreOf(rmse, shifted([1])), scoreOf(psnr, shifted())]),
	]);
	t.deepEqual(
		rows.map(({ metric, system, count, first, value, difference }) => [
			metric,
			system,
			count,
			first,
			value,
			difference,
		]),
		[
			["psnr", "b", 8, 24.375, 28.875, 4.5],
			["rmse", "b", 8, 24.375, 28.625, 4.25],
		],
	);
	// Of 2^8 sign assignments as extreme as all positive: 2; as one with the smallest against: 4. Ranks are the differences
	// here, so Wilcoxon counts the same. Holm doubles the smaller p; the other, 1/64, is above it alone.
	t.deepEqual(
		rows.map(({ p, wilcoxon, adjusted, verdict }) => [p, wilcoxon, adjusted, verdict]),
		[
			[1 / 128, 1 / 128, 1 / 64, "better"],
			[1 / 64, 1 / 64, 1 / 64, "worse"],
		],
	);
	t.regex(rows[0]?.interval?.method ?? "", /^paired bootstrap/);
	t.true((rows[0]?.interval?.low ?? 0) > 0);
	t.deepEqual(notes, []);
});

test("equal systems are undecided, and too few pairs are said to be", (t) => {
	const four = (values: readonly number[]) => [scoreOf(psnr, values.slice(0, 4))];
	const { rows, notes } = compareReports([
		system("a", four(base)),
		system("same", four(base)),
		system("b", four(shifted())),
	]);
	t.deepEqual(
		rows.map(({ p, wilcoxon, verdict }) => [p, wilcoxon, verdict]),
		[
			[1, 1, "undecided"],
			[0.125, 0.125, "undecided"],
		],
	);
	const few = "4 pairs under 2 tests give no corrected p below 0.25: too few for any difference";
	t.deepEqual(notes, [`psnr of same: ${few}`, `psnr of b: ${few}`]);
	const [one] = compareReports([system("a", [scoreOf(psnr, [1])]), system("b", [scoreOf(psnr, [2])])]).rows;
	t.deepEqual([one?.p, one?.interval, one?.verdict], [1, undefined, "undecided"]);
});

test("a claim too small for the samples is noted with how many it takes, and an infinite value is not tested", (t) => {
	const [a, b] = [system("a", [scoreOf(psnr, base)]), system("b", [scoreOf(psnr, shifted())])];
	const { rows, notes } = compareReports([a, b], { claims: { psnr: 0.1 } });
	t.is(rows[0]?.verdict, "better");
	t.regex(notes.join(), /^psnr of b: too few samples for the claim: 8 show a difference of [0-9.]+ with 80 % power/);
	t.deepEqual(compareReports([a, b], { claims: { psnr: 4 } }).notes, []);
	const equal = system("c", [scoreOf(psnr, [...base.slice(0, 7), Number.POSITIVE_INFINITY])]);
	const infinite = compareReports([a, equal, b]);
	t.deepEqual(
		infinite.rows.map(({ verdict }) => verdict),
		["undecided", "better"],
	);
	t.deepEqual(infinite.notes, ["psnr of c: a value is not finite, and is not tested"]);
});

test("what was judged otherwise is refused in one line", (t) => {
	const a = system("a", [scoreOf(psnr, base)]);
	const refused = (other: ReturnType<typeof system>, message: string) =>
		t.throws(() => compareReports([a, other]), { message });
	refused(
		system("b", a.judged.scores as Score[], "other"),
		"b: must judge the same reference pictures as a, got others",
	);
	refused(system("b", [scoreOf(rmse, base)]), "b: must have psnr under the protocol of a, got no score");
	const other = score({ ...psnr, protocol: { protocol: "piq" } }, 1, { samples: { pairs: 8 }, perImage: base });
	refused(system("b", [other]), 'b: must have psnr under the protocol of a, got protocol must be "skimage", got "piq"');
	refused(system("b", [scoreOf(psnr, [1, 2])]), "b: must judge as many pictures as a, 8, got 2");
	t.throws(() => compareReports([a]), { message: "compare: needs two systems or more, got 1" });
	const sets = system("s", [score({ id: "fid", better: "lower", protocol: {} }, 1, { samples: { real: 5, fake: 5 } })]);
	t.throws(() => compareReports([sets, a]), {
		message: "s: must hold a value of each pair, as of --reference and --image, got none",
	});
});

const labels = Int32Array.of(1, 1, 1, 1, 0, 0, 0, 0, 0, 0);
const table = (name: string, scores: readonly number[], truth = labels) => ({
	name,
	judged: { labels: truth, scores: Float64Array.from(scores), classes: [] },
});

test("label tables are compared by DeLong's and McNemar's tests on the same rows", (t) => {
	const first = table("a", [0.9, 0.4, 0.3, 0.6, 0.5, 0.2, 0.7, 0.1, 0.35, 0.45]);
	const second = table("b", [0.9, 0.8, 0.7, 0.65, 0.4, 0.2, 0.6, 0.1, 0.35, 0.45]);
	const { rows } = compareLabelTables([first, second]);
	const [area, accuracy] = rows;
	// Positives over negatives: first 6 + 3 + 2 + 5 of 24, second all of 24. Placements of the positives differ by 0, 1/2, 2/3, 1/6
	// (variance 5/54), of the negatives by 1/2, 0, 3/4, 0, 1/4, 1/2 (variance 11/120): DeLong's sum over 4 and 6.
	const spread = Math.sqrt(5 / 54 / 4 + 11 / 120 / 6);
	t.true(close(area?.first ?? 0, 16 / 24, 1e-15));
	t.true(close(area?.value ?? 0, 1, 1e-15));
	t.true(close(area?.spread ?? 0, spread, 1e-12));
	t.is(area?.test, "DeLong");
	// At 1/2 the first is wrong in rows 1, 2, 4 and 6, the second in row 6: three right against none, p = 2 / 2^3.
	t.deepEqual([accuracy?.first, accuracy?.value, accuracy?.p, accuracy?.verdict], [0.6, 0.9, 0.25, "undecided"]);
	// Two rows a class, all of them turned round: DeLong's variance is 0, which is no p of 0.
	const few = Int32Array.of(1, 1, 0, 0);
	const turned = compareLabelTables([table("a", [0.1, 0.2, 0.8, 0.9], few), table("b", [0.8, 0.9, 0.1, 0.2], few)]);
	t.deepEqual([turned.rows[0]?.difference, turned.rows[0]?.p, turned.rows[0]?.verdict], [1, Number.NaN, "undecided"]);
	t.is(turned.notes[0], "auc of b: the difference has no variance to test it by, and is not tested");
	const one = Int32Array.of(1, 0);
	const single = compareLabelTables([table("a", [0.1, 0.2], one), table("b", [0.9, 0.2], one)]);
	// One against none; the binomial's continued fraction keeps 14 digits.
	t.true(close(single.rows[0]?.p ?? 0, 1, 1e-14));
	t.is(single.rows[0]?.interval, undefined);
	t.throws(() => compareLabelTables([first, table("b", [0.5, 0.5], Int32Array.of(1, 0))]), {
		message: "b: must have the rows and classes of a, got others",
	});
	t.throws(() => compareLabelTables([first, table("b", [...second.judged.scores], labels.toReversed())]), {
		message: "b: must have the labels of a, got another in row 0",
	});
});
