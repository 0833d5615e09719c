import test from "ava";
import { brains } from "../../../harness/datasets/brains.ts";
import { choosing, extended, trainingClasses } from "../../../harness/datasets/views.ts";

const set = brains({ size: 16, count: { train: 6, validation: 2, test: 2 } });

test("a choice of training pictures has those alone, and leaves the other splits", async (t) => {
	const chosen = choosing(set, [5, 0, 5], "chosen");
	t.is(chosen.count("train"), 3);
	t.is(chosen.count("test"), 2);
	t.deepEqual([...trainingClasses(chosen)], [1, 0, 1]);
	t.deepEqual(await chosen.read("train", 2), await set.read("train", 5));
	t.deepEqual(await chosen.read("test", 1), await set.read("test", 1));
	t.regex(chosen.describe(), /; chosen: 3 to train$/);
	await t.throwsAsync(async () => chosen.read("train", 3), { message: "brains: train index must be below 3, got 3" });
});

test("further pictures stand behind the set's own, with their own labels", async (t) => {
	const more = { id: "made", pixels: new Uint8Array(256), label: Float32Array.of(1) };
	const longer = extended(set, [more, { ...more, label: Float32Array.of(0) }], "made");
	t.is(longer.count("train"), 8);
	t.deepEqual([...trainingClasses(longer)], [0, 1, 0, 1, 0, 1, 1, 0]);
	t.is(await longer.read("train", 6), more);
	t.deepEqual(await longer.read("train", 5), await set.read("train", 5));
	t.deepEqual(await longer.read("validation", 1), await set.read("validation", 1));
});
