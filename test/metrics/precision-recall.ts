import test from "ava";
import { startEngine } from "../../engine/engine.ts";
import { Random } from "../../engine/random.ts";
import { MersenneTwister } from "../../metrics/mersenne-twister.ts";
import type { Features } from "../../metrics/metric.ts";
import { coverage, density, type NeighbourOptions, precision, recall } from "../../metrics/precision-recall.ts";
import { close, Golden } from "../helpers/golden.ts";

test.before(async () => {
	await startEngine();
});

type Four = Record<"precision" | "recall" | "density" | "coverage", number>;
interface Case {
	real: string;
	fake: string;
	k: number;
	prdc: Four;
	torch_fidelity: { precision: number; recall: number };
	direct_distances: { strict: Four; inclusive: Four };
	exact: boolean;
}
const golden = new Golden<{ cases: Case[] }>("fixtures/metrics", "precision_recall");

async function four(real: Features, fake: Features, options: NeighbourOptions): Promise<Four> {
	const value = async (make: typeof precision) => (await make(options).measure(real, fake)).value;
	return {
		precision: await value(precision),
		recall: await value(recall),
		density: await value(density),
		coverage: await value(coverage),
	};
}

/** Shares of some hundred rows: whole numbers over N, summed in another order. */
const rounding = 1e-12;
/** torch-fidelity prints its shares in float32. */
const float32 = 1e-7;

for (const { real, fake, k, prdc, torch_fidelity, direct_distances, exact } of golden.document.cases) {
	test(`${real} and ${fake}, k = ${k}, equal exact distances, prdc and torch-fidelity`, async (t) => {
		const sets = [golden.features(real), golden.features(fake)] as const;
		const strict = await four(...sets, { neighbours: k });
		const inclusive = await four(...sets, { neighbours: k, inclusive: true });
		for (const name of ["precision", "recall", "density", "coverage"] as const) {
			t.true(close(strict[name], direct_distances.strict[name], rounding), `${name} ${strict[name]}`);
			t.true(close(inclusive[name], direct_distances.inclusive[name], rounding), `${name} ${inclusive[name]}`);
			// On ties the library's distances are off by rounding, which decides `<` (golden README).
			if (exact) t.true(close(strict[name], prdc[name], rounding));
		}
		if (!exact) return;
		t.true(close(inclusive.precision, torch_fidelity.precision, float32));
		t.true(close(inclusive.recall, torch_fidelity.recall, float32));
	});
}

test("rows drawn by numpy have prdc's values", async (t) => {
	const random = new MersenneTwister(3);
	const real = normals(random, 200, 8);
	const drawn = normals(random, 200, 8);
	const fake = { ...drawn, data: drawn.data.map((value) => value * 0.8 + 0.2) };
	const five = await four(real, fake, { neighbours: 5 });
	t.deepEqual(rounded(five), { precision: 0.995, recall: 0.685, density: 1.446, coverage: 0.97 });
	const three = await four(real, fake, { neighbours: 3 });
	t.deepEqual(rounded(three), { precision: 0.96, recall: 0.615, density: 1.313333, coverage: 0.885 });
});

test("a set against itself has full precision, recall and coverage", async (t) => {
	const set = normals(new MersenneTwister(4), 60, 6);
	const { precision: p, recall: r, coverage: c } = await four(set, { ...set, data: set.data.slice() }, {});
	t.deepEqual([p, r, c], [1, 1, 1]);
});

test("far-off means change nothing, and neither does the order of rows", async (t) => {
	const random = new MersenneTwister(6);
	// Multiples of 1/8 stay exact under the shift.
	const grid = (set: Features): Features => ({ ...set, data: set.data.map((value) => Math.round(value * 8) / 8) });
	const [real, fake] = [grid(normals(random, 90, 5)), grid(normals(random, 80, 5))];
	const wanted = await four(real, fake, { neighbours: 3 });
	const far = (set: Features): Features => ({ ...set, data: set.data.map((value) => value + 4096) });
	t.deepEqual(await four(far(real), far(fake), { neighbours: 3 }), wanted);
	const back = (set: Features): Features => ({
		...set,
		data: Float64Array.from({ length: set.data.length }, (_, at) => {
			const row = set.count - 1 - Math.floor(at / set.dimensions);
			return set.data[row * set.dimensions + (at % set.dimensions)] as number;
		}),
	});
	const turned = await four(back(real), back(fake), { neighbours: 3 });
	for (const name of ["precision", "recall", "density", "coverage"] as const) {
		t.true(close(turned[name], wanted[name], rounding));
	}
});

test("a narrow set is precise with little recall", async (t) => {
	const random = new MersenneTwister(8);
	const times = (set: Features, factor: number) => ({ ...set, data: set.data.map((value) => value * factor) });
	const narrow = times(normals(random, 200, 16), 0.1);
	const wide = times(normals(random, 200, 16), 3);
	const { precision: p, recall: r } = await four(wide, narrow, { neighbours: 3 });
	t.true(p > 0.8 && r < 0.3);
});

test("intervals are seeded, and too few rows are refused", async (t) => {
	const random = new MersenneTwister(9);
	const [real, fake] = [normals(random, 40, 4), normals(random, 30, 4)];
	const once = () => precision().measure(real, fake, { resamples: 20, random: Random.seed(2) });
	t.deepEqual((await once()).replicates, (await once()).replicates);
	await t.throwsAsync(four(real, normals(random, 5, 4), {}), {
		message: "precision: fake must have at least 6 rows, got 5",
	});
});

function rounded(values: Four): Four {
	return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value.toFixed(6))])) as Four;
}

function normals(random: MersenneTwister, count: number, dimensions: number): Features {
	return { data: Float64Array.from({ length: count * dimensions }, () => random.normal()), count, dimensions };
}
