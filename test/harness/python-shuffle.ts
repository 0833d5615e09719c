import { readFileSync } from "node:fs";
import test from "ava";
import { pythonShuffle } from "../../harness/python-shuffle.ts";

interface Fixture {
	readonly orders: readonly { seed: number; count: number; order?: number[]; head?: number[]; tail?: number[] }[];
}
const { orders } = JSON.parse(readFileSync("fixtures/python-shuffle/orders.json", "utf8")) as Fixture;

for (const { seed, count, order, head, tail } of orders) {
	test(`the order of ${count} entries under seed ${seed} is Python's`, (t) => {
		const ours = [...pythonShuffle(count, seed)];
		if (order !== undefined) t.deepEqual(ours, order);
		if (head !== undefined) t.deepEqual(ours.slice(0, head.length), head);
		if (tail !== undefined) t.deepEqual(ours.slice(-tail.length), tail);
		t.deepEqual(
			[...ours].sort((a, b) => a - b),
			Array.from({ length: count }, (_, index) => index),
		);
	});
}

test("a seed that is no whole number is refused", (t) => {
	t.throws(() => pythonShuffle(3, 1.5), { message: /python seed: must be a whole number .* got 1.5/ });
});
