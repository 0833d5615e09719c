import test, { type ExecutionContext } from "ava";
import { covariance, Moments } from "../../engine/covariance.ts";
import { type Matrix, matrix } from "../../engine/float64/matrix.ts";
import { Random } from "../../engine/random.ts";
import { onEngines } from "../helpers/engines.ts";

/** Sums of some thousand values, in whatever order: a hundred roundings of the largest. */
const tolerance = 100 * Number.EPSILON;

function near(t: ExecutionContext, actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
	t.is(actual.length, expected.length, what);
	const scale = Array.from(expected).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
	const at = Array.from(expected).findIndex(
		(value, at) => !(Math.abs((actual[at] as number) - value) <= tolerance * scale),
	);
	t.is(at, -1, `${what}: ${actual[at]} against ${expected[at]}`);
}

function random(rows: number, columns: number, seed: number): Matrix {
	return matrix(rows, columns, Float64Array.from(Random.seed(seed).normals(rows * columns)));
}

for (const [rows, columns] of [
	[2, 1],
	[50, 97],
	[4200, 51],
] as const) {
	test.serial(`the covariance of ${rows} rows of ${columns} is its definition's, from float32 and from float64`, (t) =>
		onEngines((engine) => {
			// Multiples of 1/64, which float32 holds and sums of which float64 holds.
			const data = random(rows, columns, 10).data.map((value) => Math.round(64 * value) / 64 + 3);
			const mean = new Float64Array(columns);
			for (const [at, value] of data.entries()) mean[at % columns]! += value;
			for (const column of mean.keys()) mean[column]! /= rows;
			const expected = new Float64Array(columns * columns);
			for (let row = 0; row < rows; row += 1) {
				for (let i = 0; i < columns; i += 1) {
					for (let j = 0; j < columns; j += 1) {
						const [x, y] = [data[row * columns + i]! - mean[i]!, data[row * columns + j]! - mean[j]!];
						expected[i * columns + j]! += (x * y) / (rows - 1);
					}
				}
			}
			for (const values of [data, Float32Array.from(data)]) {
				const result = covariance({ rows, columns, data: values });
				near(t, result.mean, mean, `mean on ${engine}`);
				near(t, result.covariance.data, expected, `covariance on ${engine}`);
			}
		}),
	);
}

test.serial("moments do not depend on how the rows were cut into batches", (t) =>
	onEngines((engine) => {
		const all = random(2500, 7, 5);
		const whole = covariance(all);
		for (const batch of [1, 7, 64, 2049]) {
			const moments = new Moments(7);
			for (let start = 0; start < 2500; start += batch) {
				const rows = Math.min(batch, 2500 - start);
				moments.add({ rows, columns: 7, data: all.data.subarray(start * 7, (start + rows) * 7) });
			}
			t.is(moments.count, 2500);
			t.deepEqual(moments.mean(), whole.mean, `batches of ${batch} on ${engine}`);
			t.deepEqual(moments.covariance(), whole.covariance, `batches of ${batch} on ${engine}`);
		}
	}),
);

test.serial("merged moments are those of all rows", (t) =>
	onEngines((engine) => {
		const all = random(300, 6, 6);
		const [first, second] = [new Moments(6), new Moments(6)];
		first.add({ rows: 120, columns: 6, data: all.data.subarray(0, 720) });
		second.add({ rows: 180, columns: 6, data: all.data.subarray(720) });
		first.merge(second);
		near(t, first.covariance().data, covariance(all).covariance.data, engine);
		near(t, first.mean(), covariance(all).mean, engine);
	}),
);

test("a mean far from zero costs no digits of the covariance", (t) => {
	// 0, 1, …, 9 has the variance 55 / 6; 2^30 can be added without rounding.
	const data = Float64Array.from({ length: 10 }, (_, index) => 2 ** 30 + index);
	const { mean, covariance: result } = covariance({ rows: 10, columns: 1, data });
	t.is(mean[0], 2 ** 30 + 4.5);
	near(t, result.data, [55 / 6], "variance");
});

test("float32 features are taken as the numbers they are", (t) => {
	const data = Float32Array.of(0.1, 0.2, 0.4, 0.8);
	const { mean } = covariance({ rows: 2, columns: 2, data });
	t.is(mean[0], (Math.fround(0.1) + Math.fround(0.4)) / 2);
});

const wrong: readonly (readonly [string, () => unknown, RegExp])[] = [
	[
		"NaN in features",
		() => covariance({ rows: 2, columns: 1, data: Float32Array.of(1, Number.NaN) }),
		/finite, got NaN/,
	],
	["one row alone", () => covariance({ rows: 1, columns: 2, data: new Float64Array(2) }), /two rows or more, got 1/],
	["another number of columns", () => new Moments(3).add(matrix(2, 2)), /3 columns, got 2/],
	[
		"a covariance that overflows",
		() => covariance({ rows: 2, columns: 1, data: Float64Array.of(1e200, -1e200) }),
		/finite/,
	],
];

for (const [name, action, message] of wrong) {
	test.serial(`${name} is refused by name`, (t) =>
		onEngines(() => {
			t.throws(action, { message });
		}),
	);
}
