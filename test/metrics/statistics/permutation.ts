import test from "ava";
import { Random } from "../../../engine/random.ts";
import { adjustedP } from "../../../metrics/statistics/adjusted-p.ts";
import { pairedPermutation, twoSamplePermutation } from "../../../metrics/statistics/permutation.ts";
import { close, Golden, goldenFolders } from "../../helpers/golden.ts";

/** The files' own tolerance for p-values. */
const tolerance = 1e-12;

interface Statistics {
	readonly values: {
		readonly paired_sign_flip_exact: Record<"observed" | "two_sided" | "greater" | "less" | "assignments", number>;
		readonly paired_sign_flip_random: { observed: number; p_two_sided_plus_one: number };
		readonly two_sample_permutation_exact: Record<
			"observed" | "two_sided_abs" | "greater" | "less" | "assignments",
			number
		>;
		readonly adjusted_p: Record<"p" | "bonferroni" | "holm" | "benjamini_hochberg" | "benjamini_yekutieli", number[]>;
	};
}

for (const folder of goldenFolders()) {
	const golden = new Golden<Statistics>(folder, "statistics");
	const { values } = golden.document;

	test(`paired permutation tests of ${folder} are reproduced`, (t) => {
		const d = golden.float64("paired/d12");
		const zeros = new Float64Array(12);
		const expected = values.paired_sign_flip_exact;
		for (const [alternative, p] of [
			["two-sided", expected.two_sided],
			["greater", expected.greater],
			["less", expected.less],
		] as const) {
			const result = pairedPermutation(d, zeros, { seed: 1, alternative });
			t.is(result.p, p, alternative);
			t.true(close(result.difference, expected.observed, 1e-9));
			t.like(result, { exact: true, assignments: expected.assignments });
		}
		// No random assignment comes near so large a difference: p is 1 / 5001 under any seed (exact p about 1e-7).
		const random = pairedPermutation(golden.float64("a"), golden.float64("b"), { seed: 1, permutations: 5000 });
		t.true(close(random.p, values.paired_sign_flip_random.p_two_sided_plus_one, tolerance));
		t.true(close(random.difference, values.paired_sign_flip_random.observed, 1e-9));
	});

	test(`two-sample permutation tests of ${folder} are reproduced`, (t) => {
		const expected = values.two_sample_permutation_exact;
		const x = golden.float64("two_sample/x");
		const y = golden.float64("two_sample/y");
		for (const [alternative, p] of [
			["two-sided", expected.two_sided_abs],
			["greater", expected.greater],
			["less", expected.less],
		] as const) {
			const result = twoSamplePermutation(x, y, { seed: 1, alternative });
			t.true(close(result.p, p, tolerance), alternative);
			t.true(close(result.difference, expected.observed, 1e-9));
			t.like(result, { exact: true, assignments: expected.assignments });
		}
	});

	test(`corrections for many tests of ${folder} are reproduced`, (t) => {
		const { p, ...adjusted } = values.adjusted_p;
		for (const [name, expected] of Object.entries(adjusted)) {
			const method = name.replace("_", "-") as "holm" | "bonferroni" | "benjamini-hochberg" | "benjamini-yekutieli";
			adjustedP(p, method).forEach((value, at) => {
				t.true(close(value, expected[at] as number, tolerance, 1e-9), `${name} ${at}`);
			});
		}
	});
}

test("random assignments agree with counting all", (t) => {
	const random = Random.seed(2);
	const first = Array.from({ length: 12 }, () => random.normal() + 0.4);
	const second = Array.from({ length: 12 }, () => random.normal());
	// Four standard errors of a share counted over 4000 draws.
	const tolerance = 4 * Math.sqrt(0.25 / 4000);
	for (const permutation of [pairedPermutation, twoSamplePermutation]) {
		const exact = permutation(first, second, { seed: 1, permutations: 3_000_000 });
		const drawn = permutation(first, second, { seed: 1, permutations: 4000 });
		t.true(exact.exact && !drawn.exact);
		t.true(Math.abs(exact.p - drawn.p) < tolerance, `${exact.p} ${drawn.p}`);
	}
});

test("p-values are even under no effect", (t) => {
	const random = Random.seed(3);
	let below = 0;
	for (let trial = 0; trial < 400; trial += 1) {
		const first = Array.from({ length: 8 }, () => random.normal());
		const second = Array.from({ length: 8 }, () => random.normal());
		if (pairedPermutation(first, second, { seed: trial }).p <= 0.25) below += 1;
	}
	// Four standard errors of a share of 0.25 in 400 trials.
	t.true(Math.abs(below / 400 - 0.25) < 4 * Math.sqrt((0.25 * 0.75) / 400), String(below));
});

test("adjusted p-values keep the order given", (t) => {
	t.deepEqual([...adjustedP([0.04, 0.01])], [0.04, 0.02]);
	t.is(t.throws(() => adjustedP([1.2]))?.message, "adjustedP: p must be from 0 to 1, got 1.2");
});

test("sides of unequal length are refused", (t) => {
	t.is(
		t.throws(() => pairedPermutation([1], [1, 2], { seed: 1 }))?.message,
		"paired permutation: sides must be equally long and not empty, got 1 and 2",
	);
});
