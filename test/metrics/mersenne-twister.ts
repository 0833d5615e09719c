import { readFileSync } from "node:fs";
import test from "ava";
import { MersenneTwister } from "../../metrics/mersenne-twister.ts";

interface Seed {
	seed: number;
	raw_uint32: number[];
	random_sample: number[];
	randn: number[];
	standard_exponential: number[];
	randint: { low: number; high: number; size: number; values: number[] }[];
	permutation: { n: number; values: number[] }[];
	choice_without_replacement: { n: number; m: number; values: number[] }[];
	choice_with_replacement: { n: number; m: number; values: number[] }[];
	shuffle_arange_12: number[];
	shuffle_rows_6x2: number[][];
	sequence: { values: number[][] };
}
const golden: { seeds: Seed[] } = JSON.parse(readFileSync("fixtures/metrics/random_state.json", "utf8"));

/** `log` and `sqrt` of two C libraries may differ in the last place. */
const lastPlace = 1e-15;

const draw = (count: number, one: () => number): number[] => Array.from({ length: count }, one);

for (const expected of golden.seeds) {
	const generator = () => new MersenneTwister(expected.seed);

	test(`seed ${expected.seed} repeats numpy's raw and uniform draws exactly`, (t) => {
		const raw = generator();
		t.deepEqual(
			draw(expected.raw_uint32.length, () => raw.uint32()),
			expected.raw_uint32,
		);
		const uniform = generator();
		t.deepEqual(
			draw(expected.random_sample.length, () => uniform.uniform()),
			expected.random_sample,
		);
	});

	test(`seed ${expected.seed} repeats numpy's normal and exponential draws`, (t) => {
		const normal = generator();
		for (const value of expected.randn) t.true(Math.abs(normal.normal() - value) <= lastPlace * Math.abs(value));
		const exponential = generator();
		for (const value of expected.standard_exponential) {
			t.true(Math.abs(exponential.exponential() - value) <= lastPlace * Math.abs(value));
		}
	});

	test(`seed ${expected.seed} repeats numpy's whole numbers, orders and choices exactly`, (t) => {
		for (const { low, high, size, values } of expected.randint) {
			if (high - low > 2 ** 32) continue;
			const random = generator();
			t.deepEqual(
				draw(size, () => low + random.integer(high - low)),
				values,
			);
		}
		for (const { n, values } of expected.permutation) t.deepEqual([...generator().permutation(n)], values);
		for (const { n, m, values } of expected.choice_without_replacement) {
			t.deepEqual([...generator().choice(n, m)], values);
		}
		for (const { n, m, values } of expected.choice_with_replacement) {
			const random = generator();
			t.deepEqual(
				draw(m, () => random.integer(n)),
				values,
			);
		}
		const numbers = Array.from({ length: 12 }, (_, index) => index);
		generator().shuffle(numbers);
		t.deepEqual(numbers, expected.shuffle_arange_12);
		const rows = Array.from({ length: 6 }, (_, index) => [2 * index, 2 * index + 1]);
		generator().shuffle(rows);
		t.deepEqual(rows, expected.shuffle_rows_6x2);
	});

	test(`seed ${expected.seed} keeps its place between draws of different kinds`, (t) => {
		const random = generator();
		const got = [
			[...random.choice(20, 5)],
			[...random.choice(15, 5)],
			draw(1, () => random.normal()),
			[...random.choice(20, 5)],
			draw(2, () => random.uniform()),
			draw(2, () => random.normal()),
		].flat();
		const wanted = expected.sequence.values.flat();
		t.is(got.length, wanted.length);
		for (const [index, value] of wanted.entries()) {
			t.true(Math.abs((got[index] as number) - value) <= lastPlace * Math.abs(value), `${index}`);
		}
	});
}

test("a seed that is no whole number of 32 bits is refused", (t) => {
	t.throws(() => new MersenneTwister(-1), { message: /whole number from 0 to 2\^32 - 1, got -1/ });
	t.throws(() => new MersenneTwister(1.5), { instanceOf: RangeError });
});
