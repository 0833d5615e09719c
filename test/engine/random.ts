import test from "ava";
import { philox, Random } from "../../engine/random.ts";

/** Known answers of philox4x32 with ten rounds, from the kat_vectors of Random123. */
const knownAnswers = [
	{ counter: [0, 0, 0, 0], key: [0, 0], block: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
	{
		counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
		key: [0xffffffff, 0xffffffff],
		block: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
	},
	{
		counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
		key: [0xa4093822, 0x299f31d0],
		block: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
	},
] as const;

for (const [index, { counter, key, block }] of knownAnswers.entries()) {
	test(`a Philox block equals Random123's known answer ${index}`, (t) => {
		t.deepEqual([...philox(counter, key)], [...block]);
	});
}

test("a seed's first words are the block of counter 0 under its key, low half first", (t) => {
	const random = Random.seed(0);
	t.deepEqual(
		Array.from({ length: 4 }, () => random.uint32()),
		[...philox([0, 0, 0, 0], [0, 0])],
	);
	const wide = Random.seed(2 ** 32 * 5 + 7);
	t.is(wide.uint32(), philox([0, 0, 0, 0], [7, 5])[0] as number);
});

test("the same seed gives the same stream, and other seeds others", (t) => {
	t.deepEqual(Random.seed(42).normals(100), Random.seed(42).normals(100));
	t.notDeepEqual(Random.seed(42).normals(100), Random.seed(43).normals(100));
	t.notDeepEqual(Random.seed(1).normals(100), Random.seed(2 ** 32 + 1).normals(100));
});

test("a split depends on its label alone, not on what was drawn before, and leaves its parent where it was", (t) => {
	const fresh = Random.seed(9).split("noise").uniforms(10);
	const random = Random.seed(9);
	const expected = Random.seed(9);
	random.uniforms(5);
	expected.uniforms(5);
	random.split("order");
	t.deepEqual(random.split("noise").uniforms(10), fresh);
	t.is(random.uint32(), expected.uint32());
	t.notDeepEqual(Random.seed(9).split(1).uniforms(10), Random.seed(9).split("1").uniforms(10));
});

test("1000 splits start with 1000 different words, and a split correlates with neither parent nor sibling", (t) => {
	const parent = Random.seed(1);
	const words = Array.from({ length: 1000 }, (_, label) => parent.split(label).uint32());
	// 32-bit words: two of a thousand equal has probability 1e-4, and the seed is fixed.
	t.is(new Set(words).size, 1000);
	const count = 20_000;
	const streams = [parent, parent.split("a"), parent.split("b")].map((random) => random.normals(count));
	for (const [left, right] of [
		[0, 1],
		[0, 2],
		[1, 2],
	] as const) {
		const [a, b] = [streams[left] as Float32Array, streams[right] as Float32Array];
		const correlation = a.reduce((sum, value, index) => sum + value * (b[index] as number), 0) / count;
		// Standard error 1 / √count; four of them.
		t.true(Math.abs(correlation) < 4 / Math.sqrt(count), `streams ${left} and ${right}: ${correlation}`);
	}
});

/** Mean of value^power over the sample. */
function moment(values: Float32Array, power: number): number {
	return values.reduce((sum, value) => sum + value ** power, 0) / values.length;
}

test("uniform values have the moments 1/2, 1/3, 1/4, 1/5 of the uniform law", (t) => {
	const count = 200_000;
	const values = Random.seed(3).uniforms(count);
	t.true(values.every((value) => value >= 0 && value <= 1));
	for (const power of [1, 2, 3, 4]) {
		const expected = 1 / (power + 1);
		const deviation = Math.sqrt((1 / (2 * power + 1) - expected ** 2) / count);
		t.true(Math.abs(moment(values, power) - expected) < 4 * deviation, `moment ${power}`);
	}
});

test("normal values have the moments 0, 1, 0, 3, 0, 15 of the normal law", (t) => {
	const count = 200_000;
	const values = Random.seed(4).normals(count);
	// E[x^2p] = (2p - 1)!!; the variance of x^p is E[x^2p] - E[x^p]².
	const even = [1, 1, 3, 15, 105, 945, 10395];
	for (const power of [1, 2, 3, 4, 5, 6]) {
		const expected = power % 2 === 0 ? (even[power / 2] as number) : 0;
		const deviation = Math.sqrt(((even[power] as number) - expected ** 2) / count);
		t.true(Math.abs(moment(values, power) - expected) < 4 * deviation, `moment ${power}`);
	}
});

test("whole numbers below a bound are equally likely, and a permutation holds each once", (t) => {
	const random = Random.seed(5);
	const counts = new Array<number>(7).fill(0);
	for (let draw = 0; draw < 70_000; draw += 1) {
		const value = random.integer(7);
		counts[value] = (counts[value] as number) + 1;
	}
	const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
	// The 99.9 % point of chi-square with 6 degrees of freedom.
	t.true(chiSquare < 22.46, `chi-square ${chiSquare}`);
	t.deepEqual(
		[...random.permutation(50)].sort((a, b) => a - b),
		Array.from({ length: 50 }, (_, index) => index),
	);
});

test("refuses seeds and bounds that are not whole numbers in range", (t) => {
	t.throws(() => Random.seed(-1), { instanceOf: RangeError });
	t.throws(() => Random.seed(0.5), { instanceOf: RangeError });
	t.throws(() => Random.seed(2 ** 53), { instanceOf: RangeError });
	t.throws(() => Random.seed(0).integer(0), { instanceOf: RangeError });
});
