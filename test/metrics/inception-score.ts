import test from "ava";
import { Random } from "../../engine/random.ts";
import { type InceptionScoreOptions, inceptionScore } from "../../metrics/inception-score.ts";
import { MersenneTwister } from "../../metrics/mersenne-twister.ts";
import type { Features } from "../../metrics/metric.ts";
import { close, Golden } from "../helpers/golden.ts";

interface Case {
	logits: string;
	library: "torch-fidelity" | "piq" | "torchmetrics";
	splits: number;
	shuffle: boolean | string;
	rng_seed?: number | null;
	mean: number;
	std_ddof0?: number;
	std_ddof1?: number;
	rel_tolerance: number;
}
const golden = new Golden<{ cases: Case[] }>("fixtures/metrics", "inception_score");

const measure = async (logits: Features, options: InceptionScoreOptions) =>
	inceptionScore(options).measure(logits, logits);

for (const [index, one] of golden.document.cases.entries()) {
	test(`${one.library} on ${one.logits}, case ${index}, has its mean and deviation`, async (t) => {
		let logits: Features = golden.features(one.logits);
		// torchmetrics shuffles with torch's generator: its order is stored.
		if (typeof one.shuffle === "string") logits = reorder(logits, golden.int32(one.shuffle));
		const cut = { "torch-fidelity": "even", piq: "drop", torchmetrics: "chunk" } as const;
		const { value, details } = await measure(logits, {
			splits: one.splits,
			shuffle: one.shuffle === true,
			cut: cut[one.library],
			...(one.rng_seed == null ? {} : { seed: one.rng_seed }),
		});
		t.true(close(value, one.mean, 0, one.rel_tolerance), `${value}`);
		if (one.splits === 1) return;
		// A deviation of 0 comes out as the rounding of the splits' scores.
		const rounding = 1e-12;
		if (one.std_ddof0 !== undefined) {
			t.true(close(details?.["splitDeviation"] ?? Number.NaN, one.std_ddof0, rounding, one.rel_tolerance));
		}
		if (one.std_ddof1 !== undefined) {
			t.true(close(details?.["splitDeviationDdof1"] ?? Number.NaN, one.std_ddof1, rounding, one.rel_tolerance));
		}
	});
}

test("equal logits give 1, and sure ones over C classes give C", async (t) => {
	const flat: Features = { data: new Float64Array(40).fill(3), count: 8, dimensions: 5 };
	t.true(close((await measure(flat, { splits: 1 })).value, 1, 1e-12));
	const sure: Features = {
		data: Float64Array.from({ length: 25 }, (_, at) => (at % 6 === 0 ? 1000 : 0)),
		count: 5,
		dimensions: 5,
	};
	t.true(close((await measure(sure, { splits: 1 })).value, 5, 1e-12));
});

test("the worked example and rows drawn by numpy have their published values", async (t) => {
	const data = Float64Array.from([2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 1, 0]);
	const worked = await measure({ data, count: 4, dimensions: 3 }, { splits: 1 });
	t.true(close(worked.value, 1.405691886427673, 1e-13));
	const random = new MersenneTwister(7);
	const rows = { data: Float64Array.from({ length: 2000 }, () => random.normal()), count: 200, dimensions: 10 };
	const { value, details } = await measure(rows, {});
	t.true(close(value, 1.4109762659076848, 1e-12));
	t.true(close(details?.["splitDeviation"] ?? Number.NaN, 0.04568179470676031, 1e-12));
	t.true(close((await measure(rows, { splits: 1, shuffle: false })).value, 1.4402349979908582, 1e-12));
});

test("replicates spread as fresh samples do", async (t) => {
	const values: number[] = [];
	const spreads: number[] = [];
	const random = new MersenneTwister(5);
	for (let trial = 0; trial < 60; trial += 1) {
		const data = Float64Array.from({ length: 400 * 5 }, () => 2 * random.normal());
		const rows = { data, count: 400, dimensions: 5 };
		const resampling = { resamples: 100, random: Random.seed(trial) };
		const { value, replicates } = await inceptionScore({ splits: 1 }).measure(rows, rows, resampling);
		values.push(value);
		spreads.push(deviation(replicates ?? new Float64Array(0)));
	}
	const mean = spreads.reduce((total, one) => total + one, 0) / spreads.length;
	// The deviation of 60 values is itself known to about 9 %; three such errors.
	t.true(Math.abs(mean / deviation(values) - 1) < 0.27, `${mean} against ${deviation(values)}`);
});

test("fewer rows than splits are refused", async (t) => {
	const rows = { data: new Float64Array(12), count: 4, dimensions: 3 };
	await t.throwsAsync(measure(rows, {}), { message: "is: fake must have at least 10 rows, got 4" });
});

function reorder({ data, count, dimensions }: Features, order: Int32Array): Features {
	const moved = new Float64Array(data.length);
	for (const [to, from] of order.entries()) {
		moved.set(data.subarray(from * dimensions, (from + 1) * dimensions), to * dimensions);
	}
	return { data: moved, count, dimensions };
}

function deviation(values: ArrayLike<number>): number {
	const all = Array.from(values);
	const mean = all.reduce((total, one) => total + one, 0) / all.length;
	return Math.sqrt(all.reduce((total, one) => total + (one - mean) ** 2, 0) / (all.length - 1));
}
