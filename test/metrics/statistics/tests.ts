/** The golden numbers of tests and distributions, by scipy. */
import test, { type ExecutionContext } from "ava";
import { betaQuantile, fisherTail, studentQuantile, studentTail } from "../../../metrics/statistics/beta.ts";
import { binomialInterval, mcnemar, signTest } from "../../../metrics/statistics/binomial.ts";
import { kendall, pearson, spearman } from "../../../metrics/statistics/correlation.ts";
import { delong, delongInterval, delongTest, hanleyMcneilError } from "../../../metrics/statistics/delong.ts";
import { friedman } from "../../../metrics/statistics/friedman.ts";
import { chiSquareTail } from "../../../metrics/statistics/gamma.ts";
import { kolmogorovSmirnov } from "../../../metrics/statistics/kolmogorov-smirnov.ts";
import { mannWhitney } from "../../../metrics/statistics/mann-whitney.ts";
import { cliffDelta, cohenD, medianDeviation, moments, trimmedMean } from "../../../metrics/statistics/moments.ts";
import { normalQuantile, normalTail } from "../../../metrics/statistics/normal.ts";
import { type QuantileRule, quantile } from "../../../metrics/statistics/quantile.ts";
import { pairedTTest, twoSampleTTest } from "../../../metrics/statistics/t-test.ts";
import { wilcoxon } from "../../../metrics/statistics/wilcoxon.ts";
import { close, Golden, goldenFolders } from "../../helpers/golden.ts";

type Numbers = Record<string, number>;
interface Tested {
	readonly statistic: number;
	readonly p: number;
}
interface Interval {
	readonly low: number;
	readonly high: number;
}
interface Values {
	readonly wilcoxon: Record<string, Tested>;
	readonly t_paired: Tested & { ci95: [number, number] };
	readonly t_welch: Tested & { df: number };
	readonly t_student: Tested;
	readonly mann_whitney_asymptotic_continuity: Tested;
	readonly mann_whitney_exact: Tested;
	readonly sign_test: { k: number; n: number; p: number };
	readonly ks_2samp_exact: Tested;
	readonly pearson: Tested;
	readonly spearman: Tested;
	readonly kendall_tau_b: Tested;
	readonly friedman: Tested;
	readonly binomial_intervals_95: Record<string, Record<string, [number, number]>>;
	readonly mcnemar: Numbers;
	readonly delong: Record<
		string,
		{
			auc: [number, number];
			covariance: number[][];
			z: number;
			p_two_sided: number;
			ci95_difference: [number, number];
			ci95_auc1: [number, number];
			hanley_mcneil_se_auc1: number;
		}
	>;
	readonly distribution_functions: Record<string, Numbers>;
	readonly quantiles_of_a: Record<QuantileRule, number[]>;
	readonly moments_of_a: Numbers;
}

/** The file's tolerances: 1e-9; p-values 1e-9 relative or 1e-12. */
function near(t: ExecutionContext, actual: number | undefined, expected: number, name: string): void {
	t.true(close(actual as number, expected, 1e-9), `${name}: got ${actual}, expected ${expected}`);
}
function nearP(t: ExecutionContext, actual: number, expected: number, name: string): void {
	t.true(close(actual, expected, 1e-12, 1e-9), `p of ${name}: got ${actual}, expected ${expected}`);
}
function nearTest(t: ExecutionContext, actual: Tested, expected: Tested, name: string): void {
	near(t, actual.statistic, expected.statistic, name);
	nearP(t, actual.p, expected.p, name);
}
function nearInterval(t: ExecutionContext, actual: Interval, [low, high]: [number, number], name: string): void {
	near(t, actual.low, low, name);
	near(t, actual.high, high, name);
}

for (const folder of goldenFolders()) {
	const golden = new Golden<{ values: Values }>(folder, "statistics");
	const { values } = golden.document;
	const a = golden.float64("a");
	const b = golden.float64("b");

	test(`Wilcoxon's tests of ${folder} are reproduced`, (t) => {
		const data = {
			no_ties: a.map((value, at) => value - (b[at] as number)),
			ties: a.map((value, at) => Math.round(value) - Math.round(b[at] as number)),
		};
		for (const [key, expected] of Object.entries(values.wilcoxon)) {
			const [name, method, zeros, correction, alternative] = key.split("|") as [
				keyof typeof data,
				"exact" | "asymptotic",
				"wilcox" | "pratt",
				string,
				"two-sided" | "greater",
			];
			const continuity = correction === "correction=True";
			nearTest(t, wilcoxon(data[name], { method, zeros, continuity, alternative }), expected, key);
		}
	});

	test(`tests of two sides of ${folder} are reproduced`, (t) => {
		const paired = pairedTTest(a, b);
		nearTest(t, paired, values.t_paired, "paired t");
		nearInterval(t, paired, values.t_paired.ci95, "paired t");
		const welch = twoSampleTTest(a, b);
		nearTest(t, welch, values.t_welch, "Welch");
		near(t, welch.freedom, values.t_welch.df, "Welch");
		nearTest(t, twoSampleTTest(a, b, { equalVariances: true }), values.t_student, "Student");
		const { mann_whitney_asymptotic_continuity: asymptotic, mann_whitney_exact: exact } = values;
		nearTest(t, mannWhitney(a, b, { method: "asymptotic" }), asymptotic, "Mann-Whitney");
		nearTest(t, mannWhitney(a.subarray(0, 9), b.subarray(0, 8)), exact, "Mann-Whitney exact");
		nearTest(t, kolmogorovSmirnov(a, b), values.ks_2samp_exact, "Kolmogorov-Smirnov");
		nearTest(t, pearson(a, b), values.pearson, "Pearson");
		nearTest(t, spearman(a, b), values.spearman, "Spearman");
		nearTest(t, kendall(a, b), values.kendall_tau_b, "Kendall");
		const rolled = a.map((_, at) => a[(at + 30 - 3) % 30] as number);
		nearTest(t, friedman([a, b, rolled]), values.friedman, "Friedman");
		const wins = a.filter((value, at) => value > (b[at] as number)).length;
		t.is(wins, values.sign_test.k);
		nearP(t, signTest(wins, values.sign_test.n), values.sign_test.p, "sign test");
	});

	test(`counts of ${folder} are reproduced`, (t) => {
		for (const [share, methods] of Object.entries(values.binomial_intervals_95)) {
			const [successes, trials] = share.split("/").map(Number) as [number, number];
			for (const [name, expected] of Object.entries(methods)) {
				const method = name.replace("_", "-") as "wilson" | "wilson-continuity" | "clopper-pearson";
				nearInterval(t, binomialInterval(successes, trials, { method }), expected, `${share} ${name}`);
			}
		}
		const m = values.mcnemar;
		const counts = [m["b"], m["c"]] as [number, number];
		nearP(t, mcnemar(...counts).p, m["exact_two_sided"] as number, "McNemar");
		const continuity = mcnemar(...counts, { method: "chi-square-continuity" });
		near(t, continuity.statistic, m["chi2_continuity"] as number, "McNemar");
		nearP(t, continuity.p, m["chi2_continuity_p"] as number, "McNemar");
		nearP(t, mcnemar(...counts, { method: "chi-square" }).p, m["chi2_plain_p"] as number, "McNemar");
	});

	test(`DeLong's numbers of ${folder} are reproduced`, (t) => {
		const labels = golden.int32("delong/y");
		const first = golden.float64("delong/s1");
		const positives = labels.filter((label) => label === 1).length;
		for (const [name, second] of [
			["s1_s2", golden.float64("delong/s2")],
			["s1_s3ties", golden.float64("delong/s3_ties")],
		] as const) {
			const expected = values.delong[name];
			if (expected === undefined) return t.fail(name);
			const { auc, covariance } = delong(labels, [first, second]);
			for (const i of [0, 1] as const) {
				near(t, auc[i], expected.auc[i], `${name} auc`);
				for (const j of [0, 1] as const)
					near(t, covariance[i]?.[j], expected.covariance[i]?.[j] as number, `${name} covariance`);
			}
			const result = delongTest(labels, first, second);
			near(t, result.z, expected.z, `${name} z`);
			nearP(t, result.p, expected.p_two_sided, name);
			nearInterval(t, result, expected.ci95_difference, `${name} difference`);
			nearInterval(t, delongInterval(labels, first), expected.ci95_auc1, `${name} auc`);
			const error = hanleyMcneilError(auc[0] as number, positives, labels.length - positives);
			near(t, error, expected.hanley_mcneil_se_auc1, `${name} Hanley-McNeil`);
		}
	});

	test(`distribution functions of ${folder} are reproduced`, (t) => {
		const functions: Record<string, (...values: number[]) => number> = {
			norm_ppf: normalQuantile as (...values: number[]) => number,
			norm_sf: normalTail as (...values: number[]) => number,
			t_sf: studentTail as (...values: number[]) => number,
			t_ppf_975: (freedom) => studentQuantile(0.975, freedom as number),
			chi2_sf: chiSquareTail as (...values: number[]) => number,
			f_sf: fisherTail as (...values: number[]) => number,
			beta_ppf: betaQuantile as (...values: number[]) => number,
		};
		t.deepEqual(Object.keys(values.distribution_functions), Object.keys(functions));
		for (const [name, table] of Object.entries(values.distribution_functions)) {
			for (const [key, expected] of Object.entries(table)) {
				const actual = functions[name]?.(...key.split(",").map(Number)) as number;
				// Relative, and 1e-15 for the quantile that is 0.
				t.true(close(actual, expected, 1e-15, 1e-9), `${name}(${key}): got ${actual}, expected ${expected}`);
			}
		}
	});

	test(`quantiles and moments of ${folder} are reproduced`, (t) => {
		const q = [0, 0.025, 0.25, 0.5, 0.9, 0.975, 1];
		for (const [rule, expected] of Object.entries(values.quantiles_of_a)) {
			expected.forEach((value, at) => {
				near(t, quantile(a, q[at] as number, rule as QuantileRule), value, `${rule} ${q[at]}`);
			});
		}
		const m = moments(a);
		const actual: Numbers = {
			mean: m.mean,
			var_ddof1: m.variance,
			skew_biased: m.skewness,
			skew_unbiased: m.skewnessUnbiased,
			excess_kurtosis_biased: m.kurtosis,
			excess_kurtosis_unbiased: m.kurtosisUnbiased,
			median_abs_deviation: medianDeviation(a),
			trimmed_mean_0_1: trimmedMean(a, 0.1),
			cohen_d_pooled: cohenD(a, b),
			cliffs_delta: cliffDelta(a, b),
		};
		t.deepEqual(Object.keys(values.moments_of_a).sort(), Object.keys(actual).sort());
		for (const [name, expected] of Object.entries(values.moments_of_a)) near(t, actual[name], expected, name);
	});
}

test("tests that cannot be made are refused in one line", (t) => {
	const run = (run: () => unknown): string | undefined => t.throws(run, { instanceOf: RangeError })?.message;
	t.is(
		run(() => wilcoxon([0, 0])),
		"wilcoxon: needs a difference other than 0, got none",
	);
	t.is(
		run(() => pairedTTest([1, 2], [1])),
		"t test: sides must be equally long, 2 values or more, got 2 and 1",
	);
	t.is(
		run(() => delong([1, 0, 0], [[1, 2, 3]])),
		"delong: needs 2 samples of each class, got 1 of class 1 and 2 of 0",
	);
	t.is(
		run(() => delong([1, 1, 0, 0], [[1, Number.NaN, 3, 4]])),
		"delong: scores must be numbers, got NaN at 1",
	);
	t.is(
		run(() => binomialInterval(5, 4)),
		"binomial interval: successes must be from 0 to trials, got 5 of 4",
	);
	t.is(
		run(() => friedman([[1], [2]])),
		"friedman: needs 3 systems or more of equally many values, got 1, 1",
	);
});
