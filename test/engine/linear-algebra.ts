import { readFileSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import { covariance } from "../../engine/covariance.ts";
import { type Matrix, matrix } from "../../engine/float64/matrix.ts";
import {
	cholesky,
	gram,
	matmul,
	nuclearNorm,
	productEigenvalues,
	singularValues,
	symmetricEigen,
	symmetricEigenvalues,
	trace,
	transpose,
} from "../../engine/linear-algebra.ts";
import { Random } from "../../engine/random.ts";
import { onEngines } from "../helpers/engines.ts";

interface Case {
	readonly columns: number;
	readonly rows: number;
	readonly mean: readonly number[];
	readonly covarianceRow: readonly number[];
	readonly eigenvalues: readonly number[];
	readonly choleskyLastRow: readonly number[];
	readonly singularValues: readonly number[];
	readonly productSingularValues: readonly number[];
	readonly nuclearNorm: number;
	readonly productRow: readonly number[];
}
const numpy: { readonly cases: readonly Case[]; readonly hilbertEigenvalues: readonly number[] } = JSON.parse(
	readFileSync("fixtures/linear-algebra/numpy.json", "utf8"),
);

/** Backward-stable algorithms are right to a small multiple of 2^-52 of the largest value; a hundred of them for 200 rows. */
const tolerance = 100 * Number.EPSILON;

function near(t: ExecutionContext, actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
	t.is(actual.length, expected.length, what);
	const scale = Array.from(expected).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
	const apart = Array.from(expected, (value, index) => Math.abs((actual[index] as number) - value));
	const at = apart.findIndex((distance) => !(distance <= tolerance * scale));
	t.is(at, -1, `${what}: ${actual[at]} against ${expected[at]}`);
}

/** The fixture's formula: values in [-0.5, 0.5) that both sides compute exactly alike. */
function grid(
	rows: number,
	columns: number,
	start: number,
	column: (j: number) => [scale: number, shift: number],
): Matrix {
	const data = new Float64Array(rows * columns);
	for (let i = 0; i < rows; i += 1) {
		for (let j = 0; j < columns; j += 1) {
			const [scale, shift] = column(j);
			data[i * columns + j] = (((i * 37 + j * 101 + i * j * 13 + start) % 97) / 97 - 0.5) * scale + shift;
		}
	}
	return matrix(rows, columns, data);
}

function row(a: Matrix, index: number): Float64Array {
	return a.data.subarray(index * a.columns, (index + 1) * a.columns);
}

function random(rows: number, columns: number, seed: number): Matrix {
	const source = Random.seed(seed);
	return matrix(
		rows,
		columns,
		Float64Array.from({ length: rows * columns }, () => source.normal()),
	);
}

for (const expected of numpy.cases) {
	const { rows, columns } = expected;
	const features = grid(rows, columns, 5, (j) => [1 + (2 * j) / (columns - 1), j]);
	const left = grid(rows, columns, 11, (j) => [1 + j / (columns - 1), 0]);
	const right = grid(Math.floor(rows / 2), columns, 29, () => [1, 0]);

	test.serial(`mean, covariance and their factors equal NumPy's for ${columns} columns`, (t) =>
		onEngines((engine) => {
			const { mean, covariance: matrix } = covariance(features);
			near(t, mean, expected.mean, `mean on ${engine}`);
			near(t, row(matrix, columns / 2), expected.covarianceRow, `covariance on ${engine}`);
			near(t, symmetricEigenvalues(matrix), expected.eigenvalues, `eigenvalues on ${engine}`);
			for (let index = 0; index < columns; index += 1) matrix.data[index * columns + index]! += 0.01;
			near(t, row(cholesky(matrix), columns - 1), expected.choleskyLastRow, `Cholesky on ${engine}`);
		}),
	);

	test.serial(`singular values and products equal NumPy's for ${columns} columns`, (t) =>
		onEngines((engine) => {
			near(t, singularValues(left), expected.singularValues, `tall on ${engine}`);
			near(t, singularValues(transpose(left)), expected.singularValues, `wide on ${engine}`);
			const product = matmul(left, right, { transposeB: true });
			near(t, row(product, 3), expected.productRow, `product on ${engine}`);
			const values = singularValues(product).subarray(0, columns);
			near(t, values, expected.productSingularValues.slice(0, values.length), `low rank on ${engine}`);
			near(t, [nuclearNorm(product)], [expected.nuclearNorm], `nuclear norm on ${engine}`);
		}),
	);
}

test.serial("the eigenvalues of an ill-conditioned matrix are right to the rounding of its largest", (t) =>
	onEngines((engine) => {
		const hilbert = matrix(10, 10);
		for (let i = 0; i < 10; i += 1) for (let j = 0; j < 10; j += 1) hilbert.data[i * 10 + j] = 1 / (i + j + 1);
		near(t, symmetricEigenvalues(hilbert), numpy.hilbertEigenvalues, engine);
	}),
);

// Sizes about those of the blocks in which the C++ code works.
for (const size of [1, 2, 3, 50, 100, 191, 210]) {
	test.serial(`the second difference of size ${size} has the eigenvalues 2 - 2 cos(kπ / (n + 1))`, (t) =>
		onEngines((engine) => {
			const a = matrix(size, size);
			for (let index = 0; index < size; index += 1) {
				a.data[index * size + index] = 2;
				if (index > 0) a.data[index * size + index - 1] = -1;
				if (index > 0) a.data[(index - 1) * size + index] = -1;
			}
			const exact = Array.from({ length: size }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (size + 1)));
			near(t, symmetricEigenvalues(a), exact, engine);
			near(t, symmetricEigen(a).values, exact, `with vectors on ${engine}`);
		}),
	);
}

function filled(size: number, value: (row: number, column: number) => number): Matrix {
	return matrix(
		size,
		size,
		Float64Array.from({ length: size * size }, (_, at) => value(Math.floor(at / size), at % size)),
	);
}

// Sizes about those of the band that the C++ code goes through.
for (const size of [64, 71, 72, 73, 95, 96, 97, 120, 169]) {
	test.serial(`dense matrices of size ${size} have the eigenvalues of their closed forms`, (t) =>
		onEngines((engine) => {
			const minimum = filled(size, (row, column) => Math.min(row, column) + 1);
			const exact = Array.from(
				{ length: size },
				(_, k) => 1 / (4 * Math.sin(((2 * (size - k) - 1) * Math.PI) / (2 * (2 * size + 1))) ** 2),
			);
			near(t, symmetricEigenvalues(minimum), exact, `min(i, j) on ${engine}`);
			const ones = filled(size, (row, column) => (row === column ? 3 : 1));
			const many = Array.from({ length: size }, (_, k) => (k + 1 < size ? 2 : size + 2));
			near(t, symmetricEigenvalues(ones), many, `2 I + ones on ${engine}`);
			const nothing = filled(size, () => 0);
			t.true(symmetricEigenvalues(nothing).every((value) => value === 0));
		}),
	);
}

for (const size of [5, 90, 130]) {
	test.serial(`factors of size ${size} multiply back to the matrix`, (t) =>
		onEngines((engine) => {
			const a = gram(random(size + 10, size, 3));
			const lower = cholesky(a);
			near(t, matmul(lower, lower, { transposeB: true }).data, a.data, `Cholesky on ${engine}`);
			const { values, vectors } = symmetricEigen(a);
			const scaled = matrix(
				size,
				size,
				vectors.data.map((value, index) => value * (values[index % size] as number)),
			);
			near(t, matmul(scaled, vectors, { transposeB: true }).data, a.data, `eigenvectors on ${engine}`);
			const identity = matrix(size, size);
			for (let index = 0; index < size; index += 1) identity.data[index * size + index] = 1;
			near(t, gram(vectors).data, identity.data, `orthogonal on ${engine}`);
			near(t, [trace(a)], [values.reduce((sum, value) => sum + value, 0)], `trace on ${engine}`);
		}),
	);
}

test.serial("singular values of a matrix of rank 20 end in rounding alone", (t) =>
	onEngines((engine) => {
		const low = matmul(random(150, 20, 1), random(20, 110, 2));
		const values = singularValues(low);
		t.true((values[19] as number) > 1, engine);
		t.true((values[20] as number) < tolerance * (values[0] as number), `${values[20]} on ${engine}`);
	}),
);

test.serial("every way to say a transposed factor gives the same product", (t) =>
	onEngines((engine) => {
		for (const [rows, inner, columns] of [
			[3, 5, 4],
			[70, 65, 90],
			[101, 390, 47],
		] as const) {
			const a = random(rows, inner, 1);
			const b = random(inner, columns, 2);
			const plain = matmul(a, b).data;
			near(t, matmul(transpose(a), b, { transposeA: true }).data, plain, engine);
			near(t, matmul(a, transpose(b), { transposeB: true }).data, plain, engine);
			near(t, matmul(transpose(a), transpose(b), { transposeA: true, transposeB: true }).data, plain, engine);
		}
	}),
);

for (const size of [4, 70, 95, 97, 203]) {
	test.serial(`eigenvalues of L L′ S of size ${size} are those of L′ S L, made of two products`, (t) =>
		onEngines((engine) => {
			const lower = cholesky(gram(random(size + 5, size, 7)));
			const symmetric = gram(random(size, size, 8));
			const product = matmul(transpose(lower), matmul(symmetric, lower));
			near(t, productEigenvalues(lower, symmetric), symmetricEigenvalues(product), engine);
		}),
	);
}

test.serial("eigenvalues of matrices of any scale scale with them", (t) =>
	onEngines((engine) => {
		const a = gram(random(80, 70, 9));
		const values = symmetricEigenvalues(a);
		for (const scale of [2 ** -900, 2 ** 900]) {
			const scaled = matrix(
				70,
				70,
				a.data.map((value) => value * scale),
			);
			const expected = values.map((value) => value * scale);
			near(t, symmetricEigenvalues(scaled), expected, `${scale} on ${engine}`);
		}
	}),
);

test.serial("values pass through the engine with every bit", (t) =>
	onEngines((engine) => {
		const identity = matrix(80, 80);
		for (let index = 0; index < 80; index += 1) identity.data[index * 81] = 1;
		const a = random(80, 80, 4);
		a.data[0] = Math.PI * 1e-300;
		a.data[1] = Math.E * 1e300;
		t.deepEqual(matmul(identity, a).data, a.data, engine);
	}),
);

const wrong: readonly (readonly [string, () => unknown, RegExp])[] = [
	[
		"a matrix that is not positive definite",
		() => cholesky(matrix(2, 2, Float64Array.of(1, 2, 2, 1))),
		/positive definite/,
	],
	["a large matrix that is not positive definite", () => cholesky(indefinite(100)), /positive definite/],
	[
		"a matrix that is not symmetric",
		() => symmetricEigenvalues(matrix(2, 2, Float64Array.of(1, 2, 3, 4))),
		/symmetric/,
	],
	[
		"a large product with NaN in it",
		() => productEigenvalues(matrix(70, 70), matrix(70, 70, new Float64Array(4900).fill(Number.NaN))),
		/finite, got NaN/,
	],
	["a matrix that is not square", () => trace(matrix(2, 3)), /square, got 2 × 3/],
	["NaN in a product", () => matmul(matrix(1, 1, Float64Array.of(Number.NaN)), matrix(1, 1)), /finite, got NaN/],
	[
		"infinity in singular values",
		() => singularValues(matrix(1, 1, Float64Array.of(Infinity))),
		/finite, got Infinity/,
	],
	["a product that overflows", () => gram(matrix(1, 1, Float64Array.of(1e200))), /result must be finite/],
	[
		"a large product that overflows",
		() => gram(matrix(70, 70, new Float64Array(4900).fill(1e200))),
		/result must be finite/,
	],
	["sizes that do not fit", () => matmul(matrix(2, 3), matrix(2, 3)), /inner sizes must be equal, got 3 and 2/],
	["data of another size", () => matrix(2, 3, new Float64Array(5)), /got 5 for 2 × 3/],
];

for (const [name, action, message] of wrong) {
	test.serial(`${name} is refused by name`, (t) =>
		onEngines(() => {
			t.throws(action, { message });
		}),
	);
}

function indefinite(size: number): Matrix {
	const a = matrix(size, size);
	for (let index = 0; index < size; index += 1) a.data[index * (size + 1)] = index === size - 1 ? -1 : 1;
	return a;
}
