import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import test, { type ExecutionContext } from "ava";
import sharp from "sharp";
import { faces } from "../../../harness/datasets/faces.ts";
import {
	lowered,
	type ResolutionDataset,
	type ResolutionOptions,
	resolutionBatches,
	shrunk,
	turned,
} from "../../../harness/datasets/resolution.ts";
import { superResolution } from "../../../harness/datasets/super-resolution.ts";
import { type PixelArray, writePng } from "../../../harness/pictures.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

test.before(() => tf.setBackend("cpu"));

const photograph = (height: number, width: number, seed: number): PixelArray => {
	const data = Uint8Array.from({ length: height * width * 3 }, (_, at) => {
		const [x, y] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
		return 128 + 100 * Math.sin((x + seed) / 3 + (at % 3)) * Math.cos(y / 4 + seed);
	});
	return { data, height, width, channels: 3 };
};

async function save(folder: string, name: string, { data, height, width }: PixelArray): Promise<void> {
	await mkdir(folder, { recursive: true });
	await writePng(join(folder, name), data, { height, width, channels: 3 });
}

async function cropped(t: ExecutionContext): Promise<{ root: string; cache: string }> {
	const root = await temporaryFolder(t);
	await save(root, "a.png", photograph(27, 34, 1));
	await save(root, "b.png", photograph(24, 40, 2));
	return { root, cache: await temporaryFolder(t) };
}

test("a flat folder gives pictures whose sides the scale divides, and small ones by MATLAB's bicubic", async (t) => {
	const { root, cache } = await cropped(t);
	const set = await superResolution({ folders: { train: root }, cache });
	t.deepEqual([set.count("train"), set.count("test")], [2, 0]);
	const { high, low, id } = await set.read("train", 0);
	t.deepEqual([id, high.height, high.width, low.height, low.width], ["a.png", 24, 32, 6, 8]);
	const whole = photograph(27, 34, 1);
	for (let row = 0; row < 24; row += 1) {
		t.deepEqual([...high.data.subarray(row * 96, row * 96 + 96)], [...whole.data.subarray(row * 102, row * 102 + 96)]);
	}
	t.deepEqual([...low.data], [...shrunk(high, 4).data]);
});

test("small pictures are made once", async (t) => {
	const { root, cache } = await cropped(t);
	const folder = join(cache, "datasets", "bicubic-x4");
	const set = await superResolution({ folders: { train: root }, cache });
	const first = await set.read("train", 1);
	const [name = ""] = await readdir(folder);
	const { mtimeMs } = await stat(join(folder, name));
	const again = await (await superResolution({ folders: { test: root }, cache })).read("test", 1);
	t.deepEqual([...again.low.data], [...first.low.data]);
	t.is((await stat(join(folder, name))).mtimeMs, mtimeMs);
	t.is((await readdir(folder)).length, 1);
});

for (const [layout, open, high, low] of [
	["DIV2K's", "DIV2K_train_HR", "DIV2K_train_HR/0001.png", "DIV2K_train_LR_bicubic/X2/0001x2.png"],
	["the benchmarks'", "Set5", "Set5/HR/baby.png", "Set5/LR_bicubic/X2/babyx2.png"],
	["BasicSR's", "Set5", "Set5/GTmod12/baby.png", "Set5/LRbicx2/baby.png"],
	["SelfExSR's", "Urban100", "Urban100/image_SRF_2/img_001_SRF_2_HR.png", "Urban100/image_SRF_2/img_001_SRF_2_LR.png"],
] as const) {
	test(`small pictures in ${layout} layout are found`, async (t) => {
		const root = await temporaryFolder(t);
		const large = photograph(12, 16, 3);
		// Not what a resize would give, so that taking it shows.
		const small = photograph(6, 8, 9);
		await save(join(root, high, ".."), high.split("/").at(-1) ?? "", large);
		await save(join(root, low, ".."), low.split("/").at(-1) ?? "", small);
		const cache = await temporaryFolder(t);
		const set = await superResolution({ folders: { test: join(root, open) }, scale: 2, cache });
		t.is(set.count("test"), 1);
		const read = await set.read("test", 0);
		t.deepEqual([...read.low.data], [...small.data]);
		t.deepEqual([...read.high.data], [...large.data]);
		const own = await superResolution({ folders: { test: join(root, open) }, scale: 2, low: "bicubic", cache });
		t.deepEqual([...(await own.read("test", 0)).low.data], [...shrunk(large, 2).data]);
	});
}

test("a folder of mixed formats, sizes and names is read, and what is no picture is passed over", async (t) => {
	const root = await temporaryFolder(t);
	const { data } = photograph(30, 21, 3);
	const image = () => sharp(data, { raw: { height: 30, width: 21, channels: 3 } });
	await image().png().toFile(join(root, "two words.png"));
	await image().withMetadata({ orientation: 6 }).jpeg().toFile(join(root, "gedreht ü 数.JPG"));
	await image().ensureAlpha().png().toFile(join(root, "alpha.png"));
	await image().toColourspace("rgb16").tiff().toFile(join(root, "deep.tif"));
	await image().greyscale().webp().toFile(join(root, "grey.webp"));
	await writeFile(join(root, "notes.txt"), "no picture");
	await mkdir(join(root, "folder.png"));
	const set = await superResolution({ folders: { train: root }, cache: await temporaryFolder(t) });
	const read = await Promise.all([0, 1, 2, 3, 4].map((index) => set.read("train", index)));
	t.deepEqual(
		read.map(({ id, high: { height, width, channels } }) => [id, height, width, channels]),
		[
			["alpha.png", 28, 20, 3],
			["deep.tif", 28, 20, 3],
			["gedreht ü 数.JPG", 20, 28, 3],
			["grey.webp", 28, 20, 3],
			["two words.png", 28, 20, 3],
		],
	);
	t.is(set.count("train"), 5);

	await writeFile(join(root, "broken.png"), "text");
	await save(root, "tiny.png", photograph(3, 5, 1));
	const more = await superResolution({ folders: { train: root }, cache: await temporaryFolder(t) });
	await t.throwsAsync(more.read("train", 1), {
		message: /broken\.png: must be a picture, got bytes of no known format$/,
	});
	await t.throwsAsync(more.read("train", 5), { message: /tiny\.png: must be at least 4×4, got 5×3$/ });
});

test("a picture too small for a patch is named with what to do", async (t) => {
	const root = await temporaryFolder(t);
	await save(root, "small.png", photograph(24, 32, 1));
	const set = await superResolution({ folders: { train: root }, cache: await temporaryFolder(t) });
	const stream = resolutionBatches(set, { split: "train", batchSize: 1, seed: 1, patch: 8 });
	await t.throwsAsync(stream.next(), {
		message: /small\.png must be at least 32×32 for patches, got 32×24; take it out, or train with --set patch=6$/,
	});
});

test("a folder of LR beside HR is taken as it is", async (t) => {
	const root = await temporaryFolder(t);
	await save(join(root, "HR"), "a b.png", photograph(26, 33, 1));
	const small = photograph(6, 8, 5);
	await save(join(root, "LR"), "a b.png", small);
	const set = await superResolution({ folders: { train: root }, cache: await temporaryFolder(t) });
	t.deepEqual([...(await set.read("train", 0)).low.data], [...small.data]);
	t.regex(set.describe(), /low resolution as found$/);
});

test("a small picture that is missing or of another size is named", async (t) => {
	const root = await temporaryFolder(t);
	await save(join(root, "HR"), "a.png", photograph(12, 16, 3));
	await save(join(root, "LR_bicubic", "X2"), "ax2.png", photograph(6, 7, 3));
	const options = { folders: { test: root }, scale: 2, cache: root } as const;
	const set = await superResolution(options);
	await t.throwsAsync(set.read("test", 0), { message: /ax2\.png: must be 1\/2 of .*a\.png, got 7×6 for 16×12/ });
	await rm(join(root, "LR_bicubic", "X2", "ax2.png"));
	await t.throwsAsync(superResolution(options), { message: /X2: must hold the small picture of .*a\.png, got no ax2/ });
	await t.throwsAsync(superResolution({ folders: {} }), { message: /must have a folder for a split/ });
	await t.throwsAsync(superResolution({ folders: { test: join(root, "none") } }), {
		message: /none: must be a folder of pictures/,
	});
});

async function take(dataset: ResolutionDataset, most: number, options: Omit<ResolutionOptions, "split">) {
	const result = [];
	for await (const { low, high, labels, ids, number } of resolutionBatches(dataset, { split: "train", ...options })) {
		result.push({
			ids,
			number,
			shapes: [low.shape, high.shape],
			low: low.dataSync(),
			high: high.dataSync(),
			labels: labels?.dataSync(),
		});
		tf.dispose([low, high, labels ?? []]);
		if (result.length === most) break;
	}
	return result;
}

/** Each large pixel is its small one's value, so that patches can be checked for lying over one another. */
const aligned: ResolutionDataset = {
	name: "aligned",
	scale: 2,
	channels: 1,
	count: () => 3,
	async read(_, index) {
		const low = Uint8Array.from({ length: 35 }, (_value, at) => at * 3 + index);
		const high = Uint8Array.from(
			{ length: 140 },
			(_value, at) => low[Math.floor(at / 28) * 7 + Math.floor((at % 14) / 2)] as number,
		);
		return {
			id: String(index),
			low: { data: low, height: 5, width: 7, channels: 1 },
			high: { data: high, height: 10, width: 14, channels: 1 },
		};
	},
	describe: () => "",
};

test.serial("patches of both resolutions lie over one another, turned alike", async (t) => {
	const batches = await take(aligned, 20, { batchSize: 2, seed: 1, patch: 3, turn: true });
	for (const { low, high, shapes } of batches) {
		t.deepEqual(shapes, [
			[2, 3, 3, 1],
			[2, 6, 6, 1],
		]);
		for (let at = 0; at < high.length; at += 1) {
			const [picture, row, column] = [Math.floor(at / 36), Math.floor((at % 36) / 6), at % 6];
			t.is(high[at], low[picture * 9 + Math.floor(row / 2) * 3 + Math.floor(column / 2)]);
		}
	}
	t.true(new Set(batches.map(({ low }) => low.join(" "))).size > 15);
});

test.serial("a stream that starts at a batch equals the rest of the whole one", async (t) => {
	const options = { batchSize: 2, seed: 6, patch: 3, turn: true };
	const whole = await take(aligned, 6, options);
	t.deepEqual(await take(aligned, 2, { ...options, start: 4, cacheBytes: 0 }), whole.slice(4));
});

test.serial("whole pictures of different sizes need batches of one", async (t) => {
	const { root, cache } = await cropped(t);
	const set = await superResolution({ folders: { train: root }, cache });
	await t.throwsAsync(take(set, 1, { batchSize: 2, seed: 1 }), {
		message: /must have one size \(batchSize 1, or patches\), got/,
	});
	const single = await take(set, 9, { batchSize: 1, seed: 1, epochs: 1, shuffle: false });
	t.deepEqual(
		single.map(({ shapes }) => shapes),
		[
			[
				[1, 6, 8, 3],
				[1, 24, 32, 3],
			],
			[
				[1, 6, 10, 3],
				[1, 24, 40, 3],
			],
		],
	);
	await t.throwsAsync(take(set, 1, { batchSize: 1, seed: 1, patch: 9 }), {
		message: /must be at least 36×36 for patches, got 40×24; take it out, or train with --set patch=6$/,
	});
});

test.serial("a labelled set is lowered with its labels", async (t) => {
	const set = faces({ size: 32, count: { train: 4 } });
	const low = lowered(set, 8);
	const { label, high } = await low.read("train", 1);
	t.deepEqual(label, set.label("train", 1));
	t.deepEqual(high.data, (await set.read("train", 1)).pixels);
	const [batch] = await take(low, 1, { batchSize: 3, seed: 1 });
	t.deepEqual(batch?.shapes, [
		[3, 4, 4, 3],
		[3, 32, 32, 3],
	]);
	t.is(batch?.labels?.length, 15);
	t.throws(() => lowered(set, 5), { message: /scale must be .* that divides 32 and 32, got 5/ });
});

test("the eight turns are eight, and mirrored twice is as before", (t) => {
	const picture = { data: Uint8Array.of(1, 2, 3, 4, 5, 6), height: 2, width: 3, channels: 1 };
	const views = [0, 1, 2, 3, 4, 5, 6, 7].map((way) => turned(picture, way));
	t.is(new Set(views.map(({ data, height }) => `${height} ${data}`)).size, 8);
	t.deepEqual([...(views[1]?.data ?? [])], [3, 2, 1, 6, 5, 4]);
	t.deepEqual([...(views[4]?.data ?? [])], [1, 4, 2, 5, 3, 6]);
	for (const way of [1, 2, 3, 4]) t.deepEqual(turned(turned(picture, way), way).data, picture.data);
});
