import * as tf from "@tensorflow/tfjs";
import test from "ava";
import {
	attributeShares,
	type Batch,
	type BatchOptions,
	batches,
	type Dataset,
	mirrored,
	signedPixels,
} from "../../../harness/datasets/dataset.ts";
import { faces } from "../../../harness/datasets/faces.ts";

test.before(() => tf.setBackend("cpu"));

const drawn = () => faces({ size: 16, count: { train: 10, test: 4 }, attributes: ["Male", "Eyeglasses"] });

interface Taken {
	readonly number: number;
	readonly ids: readonly string[];
	readonly values: Float32Array;
	readonly labels: Float32Array;
	readonly shape: readonly number[];
	readonly masks: Batch["masks"];
}

async function take(dataset: Dataset, most: number, options: Omit<BatchOptions, "split">): Promise<Taken[]> {
	const result: Taken[] = [];
	for await (const { images, labels, number, ids, masks } of batches(dataset, { split: "train", ...options })) {
		const values = images.dataSync() as Float32Array;
		result.push({ number, ids, values, labels: labels.dataSync() as Float32Array, shape: images.shape, masks });
		images.dispose();
		labels.dispose();
		if (result.length === most) break;
	}
	return result;
}

test.serial("a batch holds pictures in [-1, 1] and labels beside them", async (t) => {
	const set = drawn();
	const [batch] = await take(set, 1, { batchSize: 4, seed: 1, shuffle: false });
	t.deepEqual(batch?.shape, [4, 16, 16, 3]);
	const { pixels, label } = await set.read("train", 2);
	const own = batch?.values.subarray(2 * 768, 3 * 768) ?? [];
	t.true(pixels.every((byte, at) => own[at] === Math.fround(byte / 127.5 - 1)));
	t.deepEqual([...(batch?.labels.subarray(4, 6) ?? [])], [...label]);
	t.is(batch?.ids[2], "train-2");
});

test.serial("the same seed gives the same stream, another seed another", async (t) => {
	const options = { batchSize: 4, flip: true };
	const once = await take(drawn(), 6, { ...options, seed: 1 });
	t.deepEqual(await take(drawn(), 6, { ...options, seed: 1, prefetch: 0, cacheBytes: 0 }), once);
	const other = await take(drawn(), 6, { ...options, seed: 2 });
	t.notDeepEqual(
		other.map((batch) => batch.ids),
		once.map((batch) => batch.ids),
	);
});

test.serial("a stream that starts at a batch equals the rest of the whole one, flips and masks included", async (t) => {
	const options = { batchSize: 4, seed: 3, flip: true, masks: true };
	const whole = await take(drawn(), 7, options);
	t.deepEqual(await take(drawn(), 3, { ...options, start: 4 }), whole.slice(4));
});

test.serial("about half of the pictures are mirrored, other ones in each epoch", async (t) => {
	const set = faces({ size: 16, count: { train: 64 } });
	const straight = await take(set, 2, { batchSize: 64, seed: 5 });
	const flipped = await take(set, 2, { batchSize: 64, seed: 5, flip: true });
	const size = 16 * 16 * 3;
	const turnedIds = flipped.map((batch, epoch) => {
		return batch.ids.filter((_, at) => {
			const own = batch.values.subarray(at * size, (at + 1) * size);
			const plain = straight[epoch]?.values.subarray(at * size, (at + 1) * size) ?? new Float32Array(0);
			return own.some((value, place) => value !== plain[place]);
		});
	});
	for (const turned of turnedIds) {
		// Binomial(64, ½): 4 standard deviations are 16.
		t.true(Math.abs(turned.length - 32) <= 16, `${turned.length}`);
	}
	t.notDeepEqual([...(turnedIds[0] ?? [])].sort(), [...(turnedIds[1] ?? [])].sort());
});

test.serial("masks turn with their pictures", async (t) => {
	const set = drawn();
	const [batch] = await take(set, 1, { batchSize: 10, seed: 7, flip: true, masks: true });
	let turned = 0;
	for (const [at, id] of (batch?.ids ?? []).entries()) {
		const { masks, pixels } = await set.read("train", Number(id.split("-")[1]));
		const own = batch?.masks?.["Male"]?.subarray(at * 256, (at + 1) * 256);
		const plain = masks?.["Male"] ?? new Uint8Array(0);
		const picture = batch?.values.subarray(at * 768, (at + 1) * 768) ?? [];
		const straight = pixels.every((byte, place) => picture[place] === Math.fround(byte / 127.5 - 1));
		if (!straight) turned += 1;
		t.deepEqual(own, straight ? plain : mirrored(plain, 16, 1));
	}
	t.true(turned > 0);
});

test.serial("one epoch holds every example once", async (t) => {
	const taken = await take(drawn(), 99, { batchSize: 4, seed: 1, epochs: 1 });
	t.deepEqual(
		taken.map((batch) => batch.ids.length),
		[4, 4, 2],
	);
	t.is(new Set(taken.flatMap((batch) => batch.ids)).size, 10);
});

test.serial("a picture is read once while the cache has room, and each time without", async (t) => {
	const counted = () => {
		const set = drawn();
		let reads = 0;
		const dataset: Dataset = {
			...set,
			read: (split, index) => {
				reads += 1;
				return set.read(split, index);
			},
		};
		return { dataset, reads: () => reads };
	};
	const cached = counted();
	await take(cached.dataset, 6, { batchSize: 5, seed: 1, prefetch: 0 });
	t.is(cached.reads(), 10);
	const without = counted();
	await take(without.dataset, 6, { batchSize: 5, seed: 1, prefetch: 0, cacheBytes: 0 });
	t.is(without.reads(), 30);
	const some = counted();
	await take(some.dataset, 4, { batchSize: 5, seed: 1, prefetch: 0, cacheBytes: 4 * (768 + 2 * 256) });
	t.is(some.reads(), 16);
});

test.serial("a stream holds no tensors but those it handed out", async (t) => {
	const before = tf.memory().numTensors;
	await take(drawn(), 5, { batchSize: 3, seed: 1 });
	t.is(tf.memory().numTensors, before);
});

test.serial("an aborted stream ends with the reason", async (t) => {
	const stop = new AbortController();
	const stream = batches(drawn(), { split: "train", batchSize: 2, seed: 1, signal: stop.signal });
	const first = await stream.next();
	first.value?.images.dispose();
	first.value?.labels.dispose();
	stop.abort(new Error("stopped by hand"));
	await t.throwsAsync(stream.next(), { message: "stopped by hand" });
});

test("shares of attributes are those of the labels", (t) => {
	const set = drawn();
	const labels = Array.from({ length: 10 }, (_, index) => set.label("train", index));
	const share = (at: number) => labels.filter((label) => label[at] === 1).length / 10;
	t.deepEqual(attributeShares(set, "train"), { Male: share(0), Eyeglasses: share(1) });
});

test("a mirrored picture has its columns reversed", (t) => {
	t.deepEqual(
		[...mirrored(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), 2, 3)],
		[4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9],
	);
});

test("pictures of another size are refused", (t) => {
	t.throws(() => signedPixels([new Uint8Array(5)], [1, 2, 2, 1]), { message: /must have 2×2×1 values, got 5/ });
});
