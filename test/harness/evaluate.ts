import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { startEngine } from "../../engine/engine.ts";
import { Random } from "../../engine/random.ts";
import { compareImages, compareRows } from "../../harness/evaluate.ts";
import { compareLabels, comparePairs, pairPaths } from "../../harness/evaluate-pairs.ts";
import { readLabelTable } from "../../harness/label-table.ts";
import { distributionMetrics, labelledMetrics, pairedMetrics, presetOf } from "../../harness/metric-names.ts";
import { writePng } from "../../harness/pictures.ts";
import { openSet, setRows } from "../../harness/set-rows.ts";
import type { Extractor } from "../../metrics/features/extractor.ts";
import { resizers } from "../../metrics/features/resizers.ts";
import { fid } from "../../metrics/fid.ts";
import type { Images } from "../../metrics/images.ts";
import { inceptionScore } from "../../metrics/inception-score.ts";
import { kid } from "../../metrics/kid.ts";
import type { Features, Picture } from "../../metrics/metric.ts";
import { close, Golden } from "../helpers/golden.ts";

test.before(async () => {
	await startEngine();
	// Features are cached for the real user; these tests get a place of their own.
	process.env["FOVEA_CACHE"] = await mkdtemp(join(tmpdir(), "fovea-cache-"));
});

/** Mean of each colour over 4 × 4 pixels, and a count of how often it worked: enough to see what is cached. */
function meanColour(classes = 0): Extractor & { pictures: number } {
	const extractor = {
		pictures: 0,
		id: "mean-colour",
		label: "colour",
		size: [4, 4] as const,
		dimensions: 3,
		classes,
		protocol: { extractor: "mean-colour" },
		async extract(pixels: Float32Array, count: number) {
			extractor.pictures += count;
			const features = new Float32Array(count * 3);
			for (let at = 0; at < count * 48; at += 1) {
				const place = Math.floor(at / 48) * 3 + (at % 3);
				features[place] = (features[place] as number) + (pixels[at] as number) / 16;
			}
			return classes === 0 ? { features } : { features, logits: new Float32Array(count * classes).fill(2) };
		},
		[Symbol.dispose]() {},
	};
	return extractor;
}

const resizer = resizers["antialiased-bilinear"] as (typeof resizers)[string] & object;

test("golden rows give the references' FID and KID, with interval, protocol and fingerprint", async (t) => {
	const fids = new Golden<{ cases: { name: string; values: { low_rank_float64: number } }[] }>(
		"fixtures/metrics",
		"fid",
	);
	const rows = (features: Features) => ({ features, protocol: {} });
	const scores = await compareRows(
		rows(fids.features("ordinary/x")),
		rows(fids.features("ordinary/y")),
		await distributionMetrics(["fid", "kid"], { kidSubsets: 10, kidSubsetSize: 50, seed: 7 }),
		{ seed: 7 },
	);
	const [first, second] = scores;
	t.true(close(first?.value ?? 0, fids.document.cases[0]?.values.low_rank_float64 ?? 1, 1e-9));
	for (const { value, interval, spread, fingerprint } of scores) {
		t.true((interval?.low ?? 0) < value && value < (interval?.high ?? 0) && (spread ?? 0) > 0);
		t.is(interval?.level, 0.95);
		t.regex(fingerprint, /^[0-9a-f]{64}$/);
	}
	t.like(second?.protocol, { subsets: 10, subsetSize: 50, seed: 7 });
	t.not(first?.fingerprint, second?.fingerprint);
});

test("without an interval there is none, and the value stays the same", async (t) => {
	const rows = { features: normals(1, 20, 3), protocol: {} };
	const [with_] = await compareRows(rows, rows, [kid({ sampling: "all" })]);
	const [without] = await compareRows(rows, rows, [kid({ sampling: "all" })], { interval: false });
	t.is(without?.interval, undefined);
	t.is(without?.spread, undefined);
	t.is(with_?.value, without?.value);
	t.is(with_?.fingerprint, without?.fingerprint);
});

test("a network's output is judged as the bytes it would be saved as", async (t) => {
	const bytes = Random.seed(3)
		.uniforms(12 * 4 * 4 * 3, 0, 256)
		.map(Math.floor);
	const shape = { count: 12, height: 4, width: 4 };
	const asBytes: Images = { ...shape, data: Uint8Array.from(bytes), range: "byte" };
	const asSigned: Images = { ...shape, data: bytes.map((value) => value / 127.5 - 1), range: "signed" };
	const asUnit: Images = { ...shape, data: bytes.map((value) => value / 255), range: "unit" };
	using extractor = meanColour();
	for (const other of [asSigned, asUnit]) {
		const [score] = await compareImages(asBytes, other, [fid()], { extractor });
		t.true((score?.value ?? 1) < 1e-9);
		t.is(score?.label, "FID-colour");
	}
	await t.throwsAsync(compareImages(asBytes, asBytes, [inceptionScore()], { extractor }), {
		message: /needs class logits/,
	});
});

test.serial("features are kept by content: unchanged pictures are not run again, a changed one is", async (t) => {
	const folder = await mkdtemp(join(tmpdir(), "fovea-set-"));
	const write = (name: string, value: number) =>
		writePng(join(folder, name), new Uint8Array(48).fill(value), { height: 4, width: 4, channels: 3 });
	await write("a.png", 10);
	await write("b.png", 20);
	using extractor = meanColour();
	const run = async () => (await setRows(await openSet(folder), { extractor, resizer })).features;
	const first = await run();
	t.deepEqual([...first.data], [10, 10, 10, 20, 20, 20]);
	t.deepEqual([...(await run()).data], [...first.data]);
	t.is(extractor.pictures, 2);
	await write("b.png", 30);
	t.deepEqual([...(await run()).data], [10, 10, 10, 30, 30, 30]);
	t.is(extractor.pictures, 4);
	// A file of the cache that was cut is made again.
	const kept = join(process.env["FOVEA_CACHE"] as string, "features");
	for (const name of await readdir(kept)) await writeFile(join(kept, name), "cut");
	t.deepEqual([...(await run()).data], [10, 10, 10, 30, 30, 30]);
	t.is(extractor.pictures, 6);
});

test.serial("logits are held and kept only where a metric takes them", async (t) => {
	const folder = await mkdtemp(join(tmpdir(), "fovea-set-"));
	for (const value of [7, 9]) {
		await writePng(join(folder, `${value}.png`), new Uint8Array(48).fill(value), { height: 4, width: 4, channels: 3 });
	}
	using extractor = meanColour(5);
	const run = async (logits: boolean) => await setRows(await openSet(folder), { extractor, resizer, logits });
	const without = await run(false);
	t.is(without.logits, undefined);
	// What was kept has no logits: the pictures are run again.
	const rows = await run(true);
	t.deepEqual([...(rows.logits?.data ?? [])], new Array(10).fill(2));
	t.is(extractor.pictures, 4);
	t.deepEqual([...(await run(false)).features.data], [...rows.features.data]);
	t.is((await run(true)).logits?.count, 2);
	t.is(extractor.pictures, 4);
	// The Inception Score judges the second set alone.
	const [score] = await compareRows(without, rows, await distributionMetrics(["is"], { splits: 1 }));
	t.is(score?.value, 1);
});

test("rows do not depend on the batch size", async (t) => {
	const folder = await mkdtemp(join(tmpdir(), "fovea-set-"));
	for (let number = 0; number < 5; number += 1) {
		const pixels = Uint8Array.from(Random.seed(number).uniforms(7 * 6 * 3, 0, 256), Math.floor);
		await writePng(join(folder, `${number}.png`), pixels, { height: 7, width: 6, channels: 3 });
	}
	const set = await openSet(folder);
	const run = async (batchSize: number) => {
		using extractor = meanColour();
		return (await setRows(set, { extractor, resizer, batchSize, cache: false })).features.data;
	};
	const one = await run(1);
	t.deepEqual([...(await run(2))], [...one]);
	t.deepEqual([...(await run(32))], [...one]);
});

test("pairs give the mean and each picture's value; unequal pictures are named", async (t) => {
	const picture = (value: number, width = 16): Picture => {
		return { data: new Uint8Array(16 * width).fill(value), height: 16, width, channels: 1 };
	};
	const metrics = await pairedMetrics(["psnr"]);
	const pairs = [1, 2].map((gap) => ({ name: `${gap}.png`, reference: picture(100), image: picture(100 + gap) }));
	const [score] = await comparePairs(pairs, metrics);
	const wanted = [255, 255 / 2].map((ratio) => 20 * Math.log10(ratio));
	t.true(score?.perImage?.every((value, at) => close(value, wanted[at] as number, 1e-12)));
	t.true(close(score?.value ?? 0, ((wanted[0] as number) + (wanted[1] as number)) / 2, 1e-12));
	const bad = [{ name: "bad.png", reference: picture(1), image: picture(1, 8) }];
	await t.throwsAsync(comparePairs(bad, metrics), { message: /^bad.png: psnr: / });
	t.throws(() => pairPaths(["r/a.png", "r/b.png"], ["i/a.jpg"], { reference: "r", image: "i" }), {
		message: "i: must have a picture for every one of r (2 and 1 pictures), got none named b",
	});
});

test("labels are read by column, and their errors name the line", async (t) => {
	const folder = await mkdtemp(join(tmpdir(), "fovea-labels-"));
	await mkdir(folder, { recursive: true });
	const file = async (text: string) => {
		const path = join(folder, "labels.csv");
		await writeFile(path, text);
		return path;
	};
	const table = await readLabelTable(await file("name,label,score\r\nx,0,0.1\r\ny,0,0.4\nz,1,0.35\nw,1,0.8\n"));
	const [auc] = compareLabels(table, await labelledMetrics(["auc"]));
	// scikit-learn's example.
	t.is(auc?.value, 0.75);
	t.is(auc?.samples["rows"], 4);
	const several = await readLabelTable(
		await file('label,"score_cat, big",score_dog\n"cat, big",0.9,0.1\ndog,0.2,0.8\n'),
	);
	t.deepEqual(
		[[...several.labels], several.classes],
		[
			[0, 1],
			["cat, big", "dog"],
		],
	);
	const taken = await readLabelTable(
		await file("label,score_cat,score_dog\ncat,0.9,0.1\ncat,0.3,0.7\ncat,0.8,0.2\ndog,0.2,0.8\n"),
	);
	const [accuracy] = compareLabels(taken, await labelledMetrics(["accuracy"]));
	t.deepEqual(accuracy?.details, { "cat as cat": 2, "cat as dog": 1, "dog as dog": 1 });
	const refused = async (text: string, message: RegExp) => t.throwsAsync(readLabelTable(await file(text)), { message });
	await refused("lab,score\n1,0.5\n", /labels.csv: must have a column label, got lab, score/);
	await refused("label\n1\n", /must have a column score/);
	await refused("label,score\n1,0.5\n2,0.5\n", /line 3: label must be 0 or 1, got "2"/);
	await refused("label,score\n1,\n", /line 2: score must be a number, got ""/);
	await refused("label,score\n1,0.5,3\n", /line 2: must have 2 values, got 3/);
	await refused("label,score\n", /got the header alone/);
});

test("an area has DeLong's interval, other rates the bootstrap's, and what one row of a class cannot show is said", async (t) => {
	const metrics = await labelledMetrics(["auc", "accuracy"]);
	const of = (labels: number[], scores: number[]) =>
		compareLabels({ labels: Int32Array.from(labels), scores: Float64Array.from(scores), classes: [] }, metrics);
	const many = of([1, 1, 1, 0, 0, 0], [0.9, 0.4, 0.8, 0.1, 0.2, 0.5]);
	t.deepEqual(
		many.map(({ interval }) => interval?.method),
		["DeLong", "stratified bootstrap, percentile, 1000 resamples"],
	);
	const rare = of([1, 0, 0], [0.9, 0.4, 0.8]);
	t.deepEqual(
		rare.map(({ notes }) => notes),
		[
			["a class of one row: the interval leaves its chance out"],
			["a class of one row: the interval leaves its chance out"],
		],
	);
	for (const { interval, spread, notes } of of([1, 0], [0.9, 0.4])) {
		t.deepEqual([interval, spread, notes], [undefined, undefined, ["one row of each class: no interval"]]);
	}
});

test("presets put pictures into Inception as the scripts of that name do", (t) => {
	const way = (preset: string) => {
		const { resize, normalise = "tensorflow" } = presetOf({ preset }) ?? {};
		return [resize, normalise];
	};
	t.deepEqual(way("torch-fidelity"), ["tensorflow1-bilinear", "tensorflow"]);
	t.deepEqual(way("clean-fid"), ["pillow-bicubic-float", "tensorflow"]);
	t.deepEqual(way("pytorch-fid"), ["torch-bilinear", "pytorch-fid"]);
	t.deepEqual(way("torchmetrics"), ["torch-bilinear-antialiased", "tensorflow"]);
	// SciPy's imresize of bytes, then v / 255 * 2 - 1.
	t.deepEqual(way("ttur-papers"), ["pillow-bilinear", "pytorch-fid"]);
});

test("unknown names are met with the known ones", async (t) => {
	await t.throwsAsync(distributionMetrics(["fidd"]), { message: /must be among fid, kid, .*did you mean fid\?/ });
	await t.throwsAsync(distributionMetrics(["fid"], { preset: "torchfidelity" }), {
		message: /did you mean torch-fidelity\?/,
	});
	await t.throwsAsync(openSet("no-such-folder"), { message: /no-such-folder: must be a folder of pictures/ });
});

function normals(seed: number, count: number, dimensions: number): Features {
	return { data: Random.seed(seed).normals(count * dimensions), count, dimensions };
}
