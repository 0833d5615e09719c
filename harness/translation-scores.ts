/**
 * Scores of one trained translator on test pictures of both sides: Fréchet and kernel distance to the other side, whether a
 * judge sees it, what comes back, how much is changed, and, where true masks are known, what is changed outside them and how well its own masks fit.
 */
import { Random } from "../engine/random.ts";
import { attentionIou, pointingGame } from "../metrics/attention.ts";
import { backgroundPsnr, backgroundSsim } from "../metrics/background.ts";
import { changeInside } from "../metrics/change-inside.ts";
import type { Extractor } from "../metrics/features/extractor.ts";
import { extractRows, type Rows } from "../metrics/features/rows.ts";
import { fid } from "../metrics/fid.ts";
import { kid } from "../metrics/kid.ts";
import type { DistributionMetric, Picture, Protocol, Score } from "../metrics/metric.ts";
import { score } from "../metrics/metric.ts";
import { bootstrapInterval } from "../metrics/statistics/bootstrap.ts";
import { quantile } from "../metrics/statistics/quantile.ts";
import type { TwoDomainGan } from "../models/layers/two-domain.ts";
import type { Resampled } from "./claims.ts";
import type { Domain } from "./datasets/unpaired.ts";
import { tileOf } from "./edit-sheets.ts";
import { deviation, mean, picturesOf } from "./edit-test.ts";
import { absoluteDifferences, type PictureSet } from "./edits.ts";
import type { Judge } from "./judge.ts";
import { changeMapOf, otherSide, type TestSide, type Translated, translateAll } from "./translations.ts";

/** What every translator is tested with. */
export interface TranslationTest {
	readonly sides: Readonly<Record<Domain, TestSide>>;
	/** Features of the test pictures of either side. */
	readonly rows: Readonly<Record<Domain, Rows>>;
	/** What each way is called: "horse to zebra". */
	readonly ways: Readonly<Record<Domain, string>>;
	readonly extractor: Extractor;
	readonly resamples: number;
	/** Tells the sides apart: 0 for `a`, 1 for `b`, and what that depends on. */
	readonly judge: Judge["judge"];
	readonly judgeProtocol: Protocol;
}

export interface TranslationScores {
	readonly scores: readonly Score[];
	/** The scores that claims are about, of the first way: a to b. */
	readonly claimed: Readonly<Record<string, Resampled>>;
	/** Mean |x − back(there(x))| over both sides, in the signed range. */
	readonly cycle: number;
	/** Share of the translations of `a` that the judge sees as `b`. */
	readonly reached: number;
	readonly made: Readonly<Record<Domain, Translated>>;
}

const sides: readonly Domain[] = ["a", "b"];
const distances: readonly DistributionMetric[] = [fid(), kid({ sampling: "all" })];
const [iou, pointing] = [attentionIou(), pointingGame()];

/** Scores a system by its translations of every test picture. */
export async function scoreTranslations(gan: TwoDomainGan, test: TranslationTest): Promise<TranslationScores> {
	const scores: Score[] = [];
	const claimed: Record<string, Resampled> = {};
	const claim = (side: Domain, metric: string, value: Resampled) => {
		if (side === "a") claimed[metric] = value;
	};
	const cycles: number[] = [];
	const reached = { a: Number.NaN, b: Number.NaN };
	const made = {
		a: translateAll(gan, test.sides.a.pictures, "a"),
		b: translateAll(gan, test.sides.b.pictures, "b"),
	};
	for (const side of sides) {
		const { pictures, masks } = test.sides[side];
		const { pictures: translated, maps } = made[side];
		for (const [result, resampled] of await distancesOf(test, side, translated)) {
			scores.push(result);
			claim(side, result.metric, resampled);
		}
		const keep = (id: string, better: "lower" | "higher", values: ArrayLike<number>, what: string, more?: Protocol) => {
			const [result, resampled] = meanScore(test, side, { id, better, protocol: { what, ...more } }, values);
			scores.push(result);
			claim(side, id, resampled);
		};
		const seen = seenAsOther(test, side, translated);
		reached[side] = mean(seen);
		keep("accuracy", "higher", seen, "translations that the judge sees as the other side", test.judgeProtocol);
		const back = translateAll(gan, translated, otherSide(side)).pictures;
		const returned = absoluteDifferences(back, pictures);
		cycles.push(mean(returned));
		keep("cycle-l1", "lower", returned, "mean |x − back(there(x))|, range [-1, 1]");
		keep("change-l1", "lower", absoluteDifferences(translated, pictures), "mean |there(x) − x|, range [-1, 1]");
		if (masks !== undefined) {
			for (const [id, values, what] of againstMasks(pictures, translated, masks)) keep(id, "higher", values, what);
		}
		const name = changeMapOf(maps);
		if (name === undefined) continue;
		const map = maps[name] as Float32Array;
		keep("mask-area", "lower", areas(map, pictures), `mean of the map ${name}`);
		if (masks === undefined) continue;
		for (const metric of [iou, pointing]) {
			const values = await Promise.all(
				masks.map((mask, row) =>
					metric.value(pictureOf(mask, pictures), pictureOf(rowOf(map, pictures, row), pictures)),
				),
			);
			keep(metric.id, "higher", values, `map ${name} against the true mask`);
		}
	}
	return { scores, claimed, cycle: mean(cycles), reached: reached.a, made };
}

/** 1 of each picture that the judge sees as the other side than `side`, else 0. */
export function seenAsOther({ judge }: TranslationTest, side: Domain, pictures: PictureSet): Float64Array {
	return Float64Array.from(judge(pictures), (label) => (label === (side === "a" ? 1 : 0) ? 1 : 0));
}

/** FID and KID of translations to the real pictures of the other side. */
export async function distancesOf(
	{ extractor, rows, ways, resamples }: TranslationTest,
	side: Domain,
	translated: PictureSet,
): Promise<(readonly [Score, Resampled])[]> {
	const real = rows[otherSide(side)];
	const { features, protocol: inputs } = await extractRows(extractor, picturesOf(translated));
	const samples = { real: real.features.count, fake: translated.count };
	const results: (readonly [Score, Resampled])[] = [];
	for (const metric of distances) {
		// The same draws for every system, so that a resample is the same pictures for all.
		const random = Random.seed(11).split("resamples of test pictures");
		const measured = await metric.measure(real.features, features, { resamples, random });
		const { value, replicates = new Float64Array(), notes = [], method = "" } = measured;
		const [low, high] = [quantile(replicates, 0.025), quantile(replicates, 0.975)];
		const interval = { low, high, level: 0.95, method };
		const protocol: Protocol = { ...inputs, edit: ways[side], real: "all test pictures of the other side" };
		const label = `${metric.id.toUpperCase()}${extractor.label === "" ? "" : `-${extractor.label}`}`;
		const result = score(
			metric,
			value,
			{ samples, label, interval, spread: deviation([...replicates]), notes },
			protocol,
		);
		results.push([result, { value, resamples: [...replicates] }]);
	}
	return results;
}

/** A mean over pictures, resampled by the same draws for every system. */
function meanScore(
	{ ways, resamples }: TranslationTest,
	side: Domain,
	{ id, better, protocol }: { readonly id: string; readonly better: "lower" | "higher"; readonly protocol: Protocol },
	values: ArrayLike<number>,
): [Score, Resampled] {
	const { estimate, low, high, level, method, distribution, spread } = bootstrapInterval(values, {
		seed: 11,
		resamples,
	});
	const interval = { low, high, level, method };
	const metric = { id, better, protocol: { ...protocol, edit: ways[side] } };
	const result = score(metric, estimate, { samples: { pictures: values.length }, interval, spread });
	return [result, { value: estimate, resamples: [...distribution] }];
}

/** What is changed outside the true masks and inside, for the pictures that have a mask. */
function againstMasks(
	pictures: PictureSet,
	translated: PictureSet,
	masks: readonly Uint8Array[],
): (readonly [id: string, values: number[], what: string])[] {
	const ssim: number[] = [];
	const psnr: number[] = [];
	const inside: number[] = [];
	for (const [row, data] of masks.entries()) {
		const [source, edited] = [pictures, translated].map((set) => ({ ...tileOf(set, row), channels: 3 }));
		const mask = pictureOf(data, pictures);
		const first = { ...source, data: source?.pixels } as Picture;
		const second = { ...edited, data: edited?.pixels } as Picture;
		ssim.push(backgroundSsim(first, second, mask));
		psnr.push(Math.min(mostDecibels, backgroundPsnr(first, second, mask)));
		const share = changeInside(first, second, mask);
		// Of a picture that is not changed at all no share can be told.
		if (!Number.isNaN(share)) inside.push(share);
	}
	return [
		["background-ssim", ssim, "SSIM of windows outside the true mask"],
		["background-psnr", psnr, `PSNR outside the true mask, at most ${mostDecibels} dB for each picture`],
		...(inside.length === 0
			? []
			: [["change-inside", inside, "Σ |change| inside the true mask / Σ |change|"] as const]),
	];
}

/** What a background counts of which no byte has changed. */
const mostDecibels = 60;

function areas(map: Float32Array, { count }: PictureSet): Float64Array {
	const size = map.length / count;
	return Float64Array.from({ length: count }, (_, row) => mean(map.subarray(row * size, (row + 1) * size)));
}

function rowOf(map: Float32Array, { count }: PictureSet, row: number): Float32Array {
	const size = map.length / count;
	return map.subarray(row * size, (row + 1) * size);
}

function pictureOf(data: Picture["data"], { height, width }: PictureSet): Picture {
	return { data, height, width, channels: 1 };
}
