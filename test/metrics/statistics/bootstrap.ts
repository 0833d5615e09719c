import test from "ava";
import { Random } from "../../../engine/random.ts";
import {
	acceleration,
	biasCorrection,
	bootstrapInterval,
	bootstrapStatistic,
	type IntervalMethod,
	leaveOneOut,
	readInterval,
} from "../../../metrics/statistics/bootstrap.ts";
import { quantile } from "../../../metrics/statistics/quantile.ts";
import { close, Golden, goldenFolders } from "../../helpers/golden.ts";

/** The files' own tolerance. */
const tolerance = 1e-9;

type Expected = Record<string, number | [number, number]>;
interface Statistics {
	readonly values: {
		readonly bootstrap: Record<"mean" | "median" | "std_ddof1" | "paired_mean_difference", Expected>;
		readonly scipy_bootstrap_mean_95_2000_resamples_12_seeds: Record<
			"percentile" | "basic" | "BCa",
			{ low_range: [number, number]; high_range: [number, number] }
		>;
	};
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: Float64Array): number => {
	const centre = mean(values);
	return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
};

for (const folder of goldenFolders()) {
	const golden = new Golden<Statistics>(folder, "statistics");
	const a = golden.float64("a");
	const b = golden.float64("b");
	const difference = a.map((value, at) => value - (b[at] as number));
	const cases = [
		["mean", a, mean, "mean"],
		["median", a, (values: Float64Array) => quantile(values, 0.5), "median"],
		["std_ddof1", a, deviation, "std"],
		["paired_mean_difference", difference, mean, "diff"],
	] as const;
	for (const [name, samples, of, first] of cases) {
		test(`intervals on stored resamples of ${folder} are reproduced for ${name}`, (t) => {
			const statistic = (rows: Int32Array): number => of(Float64Array.from(rows, (row) => samples[row] as number));
			const index = golden.int32("bootstrap/index");
			const distribution = Float64Array.from({ length: 2000 }, (_, draw) =>
				statistic(index.subarray(draw * 30, draw * 30 + 30)),
			);
			golden.float64(`bootstrap/${first}_first20`).forEach((value, at) => {
				t.true(close(distribution[at] as number, value, tolerance));
			});
			const expected = golden.document.values.bootstrap[name];
			const estimate = of(samples);
			const jackknife = leaveOneOut(30, statistic);
			for (const level of [0.95, 0.9]) {
				for (const method of ["percentile", "basic", "normal", "bca"] as const) {
					const { low, high } = readInterval(distribution, estimate, { level, method, jackknife });
					const [left, right] = expected[`${method}_${level.toFixed(2)}`] as [number, number];
					t.true(close(low, left, tolerance) && close(high, right, tolerance), `${method} ${level}`);
				}
			}
			const read = readInterval(distribution, estimate);
			t.true(close(read.estimate, expected["estimate"] as number, tolerance));
			t.true(close(read.spread, expected["standard_error"] as number, tolerance));
			t.true(close(read.bias, expected["bias"] as number, tolerance));
			t.true(close(biasCorrection(distribution, estimate), expected["z0"] as number, tolerance));
			t.true(close(acceleration(jackknife), expected["acceleration"] as number, tolerance));
		});
	}

	test(`own resamples land where scipy's land, ${folder}`, (t) => {
		const ranges = golden.document.values.scipy_bootstrap_mean_95_2000_resamples_12_seeds;
		const pairs: [IntervalMethod, keyof typeof ranges][] = [
			["percentile", "percentile"],
			["basic", "basic"],
			["bca", "BCa"],
		];
		// The range of 12 seeds is no bound on a thirteenth: an end may lie outside it by the width of the range.
		const within = (value: number, [low, high]: [number, number]): boolean =>
			value > low - (high - low) && value < high + (high - low);
		for (const [method, name] of pairs) {
			for (const seed of [1, 2, 3]) {
				const { low, high } = bootstrapInterval(a, { seed, method });
				t.true(within(low, ranges[name].low_range), `${method} low ${low}`);
				t.true(within(high, ranges[name].high_range), `${method} high ${high}`);
			}
		}
	});
}

test("the same seed gives the same interval, another seed another", (t) => {
	const values = Random.seed(4).normals(50);
	const { low, high } = bootstrapInterval(values, { seed: 9, resamples: 200 });
	t.like(bootstrapInterval(values, { seed: 9, resamples: 200 }), { low, high });
	t.not(bootstrapInterval(values, { seed: 10, resamples: 200 }).low, low);
});

test("a constant has an interval of no width, by every method", (t) => {
	for (const method of ["percentile", "basic", "normal", "bca"] as const) {
		t.like(bootstrapInterval([2, 2, 2, 2], { seed: 1, method }), { low: 2, high: 2, spread: 0 });
	}
});

test("pairing removes what both sides share", (t) => {
	const random = Random.seed(5);
	const shared = Array.from({ length: 40 }, () => 10 * random.normal());
	const better = shared.map((value) => value + 1 + 0.1 * random.normal());
	const paired = bootstrapInterval(better, { seed: 1, paired: shared });
	t.true(paired.low > 0.9 && paired.high < 1.1, `${paired.low} ${paired.high}`);
	t.true(bootstrapInterval(better, { seed: 1 }).spread > 10 * paired.spread);
	t.is(paired.method, "paired bootstrap, percentile, 2000 resamples");
});

test("intervals move and stretch with the values", (t) => {
	const values = Array.from(Random.seed(6).normals(30), Number);
	const plain = bootstrapInterval(values, { seed: 3, resamples: 500 });
	const moved = bootstrapInterval(
		values.map((value) => 4 * value + 7),
		{ seed: 3, resamples: 500 },
	);
	// A few roundings of sums of thirty values.
	t.true(close(moved.low, 4 * plain.low + 7, 1e-12) && close(moved.high, 4 * plain.high + 7, 1e-12));
	t.true(close(moved.spread, 4 * plain.spread, 1e-12));
});

test("strata keep their sizes in every resample", (t) => {
	const strata = [0, 1, 0, 0, 1, 0, 0, 0];
	const interval = bootstrapStatistic(8, (rows) => rows.filter((row) => strata[row] === 1).length, {
		seed: 1,
		resamples: 100,
		strata,
	});
	t.like(interval, { low: 2, high: 2, estimate: 2 });
});

test("bad input is refused in one line", (t) => {
	const run = (run: () => unknown): string | undefined => t.throws(run, { instanceOf: RangeError })?.message;
	t.is(
		run(() => bootstrapInterval([], { seed: 1 })),
		"bootstrap: needs at least one sample, got 0",
	);
	t.is(
		run(() => bootstrapInterval([1, Number.NaN], { seed: 1 })),
		"bootstrap: values must be finite, got NaN for sample 1",
	);
	t.is(
		run(() => bootstrapInterval([1, 2], { seed: 1, paired: [1] })),
		"bootstrap: paired sides must be equally long, got 2 and 1",
	);
	t.is(
		run(() => bootstrapInterval([1, 2], { seed: 1, level: 95 })),
		"bootstrap: level must lie between 0 and 1, got 95",
	);
	t.is(
		run(() => bootstrapStatistic(3, () => Number.NaN, { seed: 1 })),
		"bootstrap: the statistic must be defined on every resample, got NaN; give strata",
	);
});
