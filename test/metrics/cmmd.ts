import test from "ava";
import { Random } from "../../engine/random.ts";
import { cmmd } from "../../metrics/cmmd.ts";
import type { Features } from "../../metrics/metric.ts";
import { close } from "../helpers/golden.ts";

const value = async (real: Features, fake: Features, options = {}) => (await cmmd(options).measure(real, fake)).value;

test("two points in each set have the value of the definition", async (t) => {
	const set = (...data: number[]): Features => ({ data: Float64Array.from(data), count: 2, dimensions: 1 });
	// exp(-|x - y|² / 2) of {0, 1} and {0, 2}: 0.5 + 0.5 e^-½ within the first, 0.5 + 0.5 e^-2 within the second.
	const across = (1 + Math.exp(-2) + Math.exp(-0.5) + Math.exp(-0.5)) / 4;
	const wanted = 0.5 + 0.5 * Math.exp(-0.5) + 0.5 + 0.5 * Math.exp(-2) - 2 * across;
	t.true(close(await value(set(0, 1), set(0, 2), { sigma: 1, scale: 1, normalise: false }), wanted, 1e-14));
});

test("equal sets are at 0, lengths do not matter where rows are normalised, and it is symmetric", async (t) => {
	const [a, b] = [normals(1, 30, 6), normals(2, 20, 6, 1)];
	t.true(Math.abs(await value(a, a)) < 1e-10);
	const twice = { ...b, data: b.data.map((one) => 2 * one) };
	t.true(close(await value(a, twice), await value(a, b), 1e-10));
	t.true(close(await value(b, a), await value(a, b), 1e-10));
});

test("a row of zeros cannot be normalised and is named", async (t) => {
	const zero = { data: new Float64Array(4), count: 2, dimensions: 2 };
	await t.throwsAsync(value(zero, zero), { message: /got row 0 of zeros/ });
});

function normals(seed: number, count: number, dimensions: number, shift = 0): Features {
	return { data: Float64Array.from(Random.seed(seed).normals(count * dimensions, shift)), count, dimensions };
}
