import { readFile } from "node:fs/promises";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import sharp from "sharp";
import { startEngine } from "../../../engine/engine.ts";
import { mobilenet } from "../../../metrics/features/mobilenet.ts";

test.before(async () => {
	await startEngine();
});

/** ImageNet class numbers (ILSVRC 2012, from 0). */
const cats = [281, 282, 283, 284, 285];
const cups = [504, 550, 960, 967, 968, 969];
const tripods = [872];

for (const [file, classes] of [
	["chelsea.png", cats],
	["coffee.png", cups],
	["camera.png", tripods],
] as const) {
	test.serial(`${file} is seen as what it shows`, async (t) => {
		using network = await mobilenet();
		const { logits = new Float32Array() } = await network.extract(await picture(file), 1);
		t.is(logits.length, 1000);
		const best = [...logits.keys()].sort((a, b) => (logits[b] as number) - (logits[a] as number));
		t.true(classes.includes(best[0] as never), `the first five classes are ${best.slice(0, 5)}`);
	});
}

test.serial("a picture's row does not depend on its batch", async (t) => {
	using network = await mobilenet();
	const [cat, cup] = [await picture("chelsea.png"), await picture("coffee.png")];
	const alone = await network.extract(cup, 1);
	const both = new Float32Array(2 * cup.length);
	both.set(cat);
	both.set(cup, cat.length);
	const together = await network.extract(both, 2);
	// float32 sums in another order over some 10³ terms
	t.true(farthest(alone.features, together.features.subarray(256)) < 1e-4);
});

test.serial("no tensor is left behind", async (t) => {
	const before = tf.memory().numTensors;
	{
		using network = await mobilenet();
		await network.extract(await picture("coffee.png"), 1);
	}
	t.is(tf.memory().numTensors, before);
});

async function picture(file: string): Promise<Float32Array> {
	const bytes = await readFile(`fixtures/pictures/${file}`);
	const side = { width: 224, height: 224, fit: "fill" } as const;
	return Float32Array.from(await sharp(bytes).resize(side).removeAlpha().toColourspace("srgb").raw().toBuffer());
}

function farthest(a: Float32Array, b: Float32Array): number {
	return a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] as number))), 0);
}
