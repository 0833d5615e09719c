import test from "ava";
import { positions, prefetched } from "../../harness/order.ts";

const take = (count: number, batches: number, order: Omit<Parameters<typeof positions>[2], "epochs">) => {
	const result = [];
	for (const plan of positions("test", count, order)) {
		if (result.length === batches) break;
		result.push(plan);
	}
	return result;
};

test("each epoch takes every item once, in an order of its own", (t) => {
	const items = take(10, 6, { batchSize: 5, seed: 1 }).flatMap((plan) => plan.items);
	const epochs = [0, 1, 2].map((epoch) => items.filter((item) => item.epoch === epoch).map((item) => item.index));
	for (const epoch of epochs) t.deepEqual([...epoch].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
	t.notDeepEqual(epochs[0], epochs[1]);
});

test("the order does not depend on the batch size", (t) => {
	const small = take(10, 10, { batchSize: 3, seed: 4 }).flatMap((plan) => plan.items);
	const large = take(10, 3, { batchSize: 10, seed: 4 }).flatMap((plan) => plan.items);
	t.deepEqual(small, large);
});

test("a stream that starts later goes on as the whole one", (t) => {
	const whole = take(7, 9, { batchSize: 4, seed: 2 });
	t.deepEqual(take(7, 4, { batchSize: 4, seed: 2, start: 5 }), whole.slice(5));
});

test("one pass without shuffling is in order and ends with a short batch", (t) => {
	const plans = [...positions("test", 5, { batchSize: 2, seed: 0, shuffle: false, epochs: 1 })];
	t.deepEqual(
		plans.map((plan) => plan.items.map((item) => item.index)),
		[[0, 1], [2, 3], [4]],
	);
});

test("bad options are named", (t) => {
	const first = (count: number, order: Parameters<typeof positions>[2]) => () => positions("set", count, order).next();
	t.throws(first(0, { batchSize: 1, seed: 0 }), { message: "set: must have at least one picture, got 0" });
	t.throws(first(1, { batchSize: 0, seed: 0 }), { message: /^batchSize: must be .* got 0$/ });
	t.throws(first(1, { batchSize: 1, seed: 0, start: -1 }), { message: /^start: must be .* got -1$/ });
	t.throws(first(1, { batchSize: 1, seed: 0, epochs: 0 }), { message: /^epochs: must be above 0, got 0$/ });
});

test("loads run ahead, but no further than asked", async (t) => {
	let started = 0;
	const load = async (item: number) => {
		started += 1;
		return item;
	};
	const stream = prefetched([0, 1, 2, 3, 4, 5], load, 2);
	t.is((await stream.next()).value, 0);
	t.is(started, 3);
	t.is((await stream.next()).value, 1);
	t.is(started, 4);
	await stream.return();
	t.is(started, 4);
});

test("results come in order though loads end out of order", async (t) => {
	const load = (item: number) => new Promise<number>((resolve) => setTimeout(resolve, 20 - item * 6, item));
	const results = [];
	for await (const item of prefetched([0, 1, 2, 3], load, 3)) results.push(item);
	t.deepEqual(results, [0, 1, 2, 3]);
});

test("a failed load ends the stream at its place", async (t) => {
	const load = async (item: number) => {
		if (item === 2) throw new Error("broken");
		return item;
	};
	const seen: number[] = [];
	const run = async () => {
		for await (const item of prefetched([0, 1, 2, 3], load, 3)) seen.push(item);
	};
	await t.throwsAsync(run, { message: "broken" });
	t.deepEqual(seen, [0, 1]);
});

test("an aborted signal ends a stream that waits", async (t) => {
	const stop = new AbortController();
	const stream = prefetched([0], () => new Promise<number>(() => undefined), 0, stop.signal);
	const next = stream.next();
	stop.abort(new Error("enough"));
	await t.throwsAsync(next, { message: "enough" });
});

test("an aborted signal ends a stream between items", async (t) => {
	const stop = new AbortController();
	const stream = prefetched([0, 1], async (item) => item, 1, stop.signal);
	await stream.next();
	stop.abort(new Error("enough"));
	await t.throwsAsync(stream.next(), { message: "enough" });
});
