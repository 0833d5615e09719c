import test from "ava";
import { brains } from "../../../harness/datasets/brains.ts";
import { labelledSides } from "../../../harness/datasets/labelled-sides.ts";
import { byAttribute, type UnpairedDataset } from "../../../harness/datasets/unpaired.ts";

const set = brains({ size: 16, count: { train: 7, validation: 0, test: 5 } });
const sides = byAttribute(set, "Tumour");

test("two sides as one set have each test picture once, with the label it had", async (t) => {
	const labelled = labelledSides(sides);
	t.deepEqual(labelled.attributes, ["with Tumour"]);
	t.is(labelled.count("test"), 5);
	const examples = await Promise.all([0, 1, 2, 3, 4].map((index) => labelled.read("test", index)));
	const own = await Promise.all([0, 1, 2, 3, 4].map((index) => set.read("test", index)));
	t.is(new Set(examples.map(({ id }) => id)).size, 5);
	for (const [index, { pixels, label }] of examples.entries()) {
		const same = own.find((one) => String(one.pixels) === String(pixels));
		t.deepEqual(label, same?.label);
		t.deepEqual(labelled.label("test", index), label);
	}
});

test("to train there are as many of either side, the smaller one again and again", async (t) => {
	const [ofA, ofB] = [sides.count("train", "a"), sides.count("train", "b")];
	t.not(ofA, ofB);
	const labelled = labelledSides(sides);
	const rows = Array.from({ length: labelled.count("train") }, (_, index) => index);
	t.is(rows.length, 2 * Math.max(ofA, ofB));
	t.is(rows.filter((index) => labelled.label("train", index)[0] === 1).length, rows.length / 2);
	const ids = await Promise.all(rows.map(async (index) => (await labelled.read("train", index)).id));
	t.is(new Set(ids).size, ofA + ofB);
});

test("of larger pictures the centre is shown", async (t) => {
	const pixels = Uint8Array.from({ length: 16 }, (_, index) => index);
	const larger: UnpairedDataset = {
		...{ name: "numbers", domains: { a: "a", b: "b" }, size: [2, 2], channels: 1 },
		count: () => 1,
		read: async () => ({ id: "0", pixels, size: [4, 4] }),
		describe: () => "numbers",
	};
	t.deepEqual([...(await labelledSides(larger).read("test", 1)).pixels], [5, 6, 9, 10]);
});
