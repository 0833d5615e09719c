import test from "ava";
import { Random } from "../../engine/random.ts";
import { splitCases } from "../../harness/case-split.ts";

const shares = { train: 0.7, validation: 0.1, test: 0.2 };

test("every case goes to one split, and the splits have about their shares of each class", (t) => {
	const random = Random.seed(3);
	const cases = Array.from({ length: 200 }, (_, index) => {
		return { name: `case ${index}`, counts: [random.integer(30), random.integer(60)] };
	});
	const splits = splitCases(cases, shares, Random.seed(1));
	t.is(splits.size, 200);
	for (const kind of [0, 1]) {
		const total = cases.reduce((sum, { counts }) => sum + (counts[kind] as number), 0);
		for (const [name, share] of Object.entries(shares)) {
			const held = cases.filter((one) => splits.get(one.name) === name);
			const part = held.reduce((sum, { counts }) => sum + (counts[kind] as number), 0) / total;
			// A case is at most 2 % of a class; the greedy choice comes within two of them.
			t.true(Math.abs(part - share) < 0.04, `${name} ${kind}: ${part}`);
		}
	}
});

test("the seed decides which cases", (t) => {
	const cases = Array.from({ length: 60 }, (_, index) => ({ name: String(index), counts: [5, 5] }));
	const one = [...splitCases(cases, shares, Random.seed(1))].sort();
	t.deepEqual([...splitCases(cases, shares, Random.seed(1))].sort(), one);
	t.notDeepEqual([...splitCases(cases, shares, Random.seed(2))].sort(), one);
});

test("with few cases the largest are placed first", (t) => {
	const cases = [
		{ name: "large", counts: [0, 70] },
		{ name: "small", counts: [0, 20] },
		{ name: "least", counts: [0, 10] },
	];
	for (const seed of [0, 1, 2]) {
		t.deepEqual(Object.fromEntries(splitCases(cases, shares, Random.seed(seed))), {
			large: "train",
			small: "test",
			least: "validation",
		});
	}
});
