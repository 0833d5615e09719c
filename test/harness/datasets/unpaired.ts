import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { type Dataset, mirrored } from "../../../harness/datasets/dataset.ts";
import { faces } from "../../../harness/datasets/faces.ts";
import { horses } from "../../../harness/datasets/horses.ts";
import {
	byAttribute,
	type UnpairedDataset,
	type UnpairedOptions,
	unpairedBatches,
} from "../../../harness/datasets/unpaired.ts";
import { crop } from "../../../harness/resize.ts";

test.before(() => tf.setBackend("cpu"));

/** Pictures of 6 × 6 of which 4 × 4 are cut; every pixel of a picture is another value. */
const large = (a: number, b: number): UnpairedDataset => ({
	name: "large",
	domains: { a: "A", b: "B" },
	size: [4, 4],
	channels: 1,
	count: (_, domain) => (domain === "a" ? a : b),
	async read(_, domain, index) {
		const pixels = Uint8Array.from({ length: 36 }, (_value, at) => at + 36 * index + (domain === "a" ? 0 : 128));
		return { id: `${domain}${index}`, pixels, size: [6, 6], mask: pixels.map((value) => (value % 2 ? 255 : 0)) };
	},
	describe: () => "",
});

async function take(dataset: UnpairedDataset, most: number, options: Omit<UnpairedOptions, "split">) {
	const result = [];
	for await (const { a, b, masks, masksOfA, ids, number } of unpairedBatches(dataset, { split: "train", ...options })) {
		const tensors = [a, b, masks, masksOfA];
		result.push({ number, ids, shapes: tensors.map((x) => x?.shape), values: tensors.map((x) => x?.dataSync()) });
		for (const tensor of tensors) tensor?.dispose();
		if (result.length === most) break;
	}
	return result;
}

test.serial("the smaller side starts over while the larger goes on, each in its own order", async (t) => {
	const batches = await take(large(2, 6), 6, { batchSize: 1, seed: 1 });
	t.deepEqual(batches.flatMap(({ ids }) => ids.b).sort(), ["b0", "b1", "b2", "b3", "b4", "b5"]);
	t.deepEqual(batches.flatMap(({ ids }) => ids.a).sort(), ["a0", "a0", "a0", "a1", "a1", "a1"]);
	t.notDeepEqual(
		batches.flatMap(({ ids }) => ids.b),
		["b0", "b1", "b2", "b3", "b4", "b5"],
	);
});

test.serial("an epoch is as long as the larger side", async (t) => {
	const batches = await take(large(2, 5), 99, { batchSize: 2, seed: 1, epochs: 1 });
	t.deepEqual(
		batches.map(({ ids }) => [ids.a.length, ids.b.length]),
		[
			[2, 2],
			[2, 2],
			[1, 1],
		],
	);
});

test.serial("a stream that starts at a batch equals the rest of the whole one, crops and flips included", async (t) => {
	const options = { batchSize: 2, seed: 4, flip: true, masks: true };
	const whole = await take(large(3, 5), 6, options);
	t.deepEqual(await take(large(3, 5), 3, { ...options, start: 3, prefetch: 0 }), whole.slice(3));
});

test.serial("crops lie within the picture, differ, and take the mask along", async (t) => {
	const batches = await take(large(1, 1), 30, { batchSize: 1, seed: 2, flip: true, masks: true });
	const source = (await large(1, 1).read("train", "a", 0)).pixels;
	const seen = new Set<string>();
	for (const { values } of batches) {
		const bytes = Array.from(values[0] ?? [], (value) => Math.round((value + 1) * 127.5));
		const places = [0, 1, 2].flatMap((top) => [0, 1, 2].map((left) => ({ top, left, height: 4, width: 4 })));
		const found = places.flatMap((box) => {
			const part = crop(source, 6, 1, box);
			return [part, mirrored(part, 4, 1)].map((view, at) => ({ name: `${box.top} ${box.left} ${at}`, view }));
		});
		const match = found.find(({ view }) => view.every((value, at) => value === bytes[at]));
		t.truthy(match);
		seen.add(match?.name ?? "");
		t.deepEqual(
			[...(values[3] ?? [])],
			bytes.map((value) => value % 2),
		);
	}
	// 18 views; 30 draws that miss ten of them would be a chance of less than 1 in 10,000.
	t.true(seen.size > 8, `${seen.size}`);
});

test.serial("without shuffling the centre is cut", async (t) => {
	const [batch] = await take(large(1, 1), 1, { batchSize: 1, seed: 2, shuffle: false });
	t.is(Math.round(((batch?.values[0]?.[0] ?? 0) + 1) * 127.5), 7);
});

test.serial("batches hold pictures of both sides and their masks, and nothing is left behind", async (t) => {
	const before = tf.memory().numTensors;
	const [batch] = await take(horses({ size: 16, count: { train: 3 } }), 1, { batchSize: 2, seed: 1, masks: true });
	t.deepEqual(batch?.shapes, [
		[2, 16, 16, 3],
		[2, 16, 16, 3],
		[2, 16, 16, 1],
		[2, 16, 16, 1],
	]);
	for (const values of batch?.values.slice(2) ?? []) {
		t.true(values?.every((value) => value === 0 || value === 1));
		t.true(values?.some((value) => value === 1));
	}
	t.is(tf.memory().numTensors, before);
});

test("a labelled set is two by an attribute, with its masks", async (t) => {
	const set: Dataset = faces({ size: 16, count: { train: 30 }, attributes: ["Male", "Smiling"] });
	const two = byAttribute(set, "Smiling");
	t.is(two.count("train", "a") + two.count("train", "b"), 30);
	for (const [value, domain] of (["a", "b"] as const).entries()) {
		const { id, mask } = await two.read("train", domain, 1);
		const { label, masks } = await set.read("train", Number(id.split("-")[1]));
		t.is(label[1], value);
		t.deepEqual(mask, masks?.["Smiling"]);
	}
	t.throws(() => byAttribute(set, "Young"), { message: "faces: must have attribute of Male, Smiling, got Young" });
	await t.throwsAsync(two.read("train", "a", 30), { message: /train index must be below \d+, got 30/ });
});
