/** What an augmentation experiment decides: the floors under its systems, and the verdicts over its paper's claims. */
import type { Claim } from "../models/paper.ts";
import type { JudgedAugmenter, JudgedClassifier } from "./augmentation-report.ts";
import type { AugmenterScores, AugmenterTest } from "./augmentation-scores.ts";
import type { Suffix } from "./augmentation-setup.ts";
import type { AugmenterId } from "./augmenters.ts";
import { type ClaimVerdict, decide, type TrainingScores } from "./claims.ts";
import { joined, rounded } from "./floor.ts";

/** Why an augmenter's pictures lie below the floor; undefined where they clear it. */
export function missesOf(
	{ fid, outside, asLabelled }: AugmenterScores,
	{ blurredFid, blurredOutside = Number.POSITIVE_INFINITY }: AugmenterTest,
	reached: number,
): string | undefined {
	return joined([
		asLabelled < reached
			? `its pictures told apart with an AUC of ${rounded(asLabelled)}, under ${rounded(reached)}`
			: "",
		...damage({ fid, outside }, { blurredFid, blurredOutside }),
	]);
}

/** What says that pictures came out worse than blurred ones. */
const damage = (
	{ fid, outside }: Pick<AugmenterScores, "fid" | "outside">,
	{ blurredFid, blurredOutside = Number.POSITIVE_INFINITY }: Pick<AugmenterTest, "blurredFid" | "blurredOutside">,
) => [
	fid >= blurredFid ? `FID-lite ${rounded(fid)} not below ${rounded(blurredFid)}` : "",
	outside !== undefined && outside > blurredOutside
		? `background changed by ${rounded(outside)}, over ${rounded(blurredOutside)}`
		: "",
];

/**
 * Why an augmenter's masks may not be compared: its pictures came out worse than blurred ones, its masks do not choose, or the
 * masks that labels teach are no better than the average place of a tumour. Masks that nobody teaches need not find tumours.
 */
export function maskMissesOf(id: AugmenterId, scores: AugmenterScores, given: AugmenterTest): string | undefined {
	const { masks } = scores;
	if (masks === undefined) return undefined;
	const { iou, least, most } = masks;
	const prior = given.maps?.prior ?? 0;
	return joined([
		most > 0.5 && least < 0.5
			? ""
			: `its masks run from ${rounded(least)} to ${rounded(most)}, on one side of one half`,
		id === "sag-gan" && iou.value <= prior
			? `its masks' IoU is ${rounded(iou.value)}, not above ${rounded(prior)}`
			: "",
		...damage(scores, given),
	]);
}

export function floorSentences(area: number, share: number, tests: ReadonlyMap<Suffix, AugmenterTest>): string[] {
	const each = (of: (test: AugmenterTest) => number | undefined) =>
		[...tests.values()]
			.map(of)
			.map((value) => (value === undefined ? "–" : rounded(value)))
			.join(" and, on an eighth, ");
	const maps = tests.get("")?.maps;
	const pictures = [
		`for claims on accuracy: the classifier's accuracy at least ${rounded(share)}, that of naming every slice the commoner class`,
		`for claims on AUC: the classifier's AUC at least ${rounded(area)}, that of the slices' mean brightness alone`,
		"for both: an augmenter's pictures told apart as they are labelled, by the classifier without augmentation, with an AUC at least half way from one half to that classifier's on test slices",
		`FID-lite of an augmenter's pictures below ${each(({ blurredFid }) => blurredFid)}, that of training slices blurred to a quarter of their size`,
	];
	if (maps === undefined) return [...pictures, "no claims on masks: the set has no true masks"];
	return [
		...pictures,
		`mean change outside the true mask, tumours taken out, at most ${each(({ blurredOutside }) => blurredOutside)}, that of the same blurred slices`,
		"for claims on masks: the last two, and masks that reach above one half in some part of a slice and below it elsewhere",
		`SAG-GAN's masks above an IoU of ${rounded(maps.prior)}, that of the average place of the training slices' tumours; a slice's own brightness as its map would reach ${rounded(maps.brightness)}`,
	];
}

/**
 * The verdict of a claim whose systems were all trained: on masks, or on classifiers, where metrics that end in -eighth are of
 * the smaller training set.
 */
export function decideClaim(
	claim: Claim,
	judged: readonly JudgedClassifier[],
	made: readonly JudgedAugmenter[],
	wanted: number,
): ClaimVerdict[] {
	const of = claim.metric === "attention-iou" ? masksIn(made) : classifiersIn(judged, claim.metric);
	const [better, worse]: TrainingScores[][] = [of(claim.better), of(claim.worse)];
	if (!better?.length || !worse?.length) return [];
	return [decide(claim, better, worse, { seed: 13, wanted })];
}

const masksIn = (made: readonly JudgedAugmenter[]) => (id: string) =>
	made.flatMap(({ training, scores: { masks }, masksBelowFloor, ...one }) =>
		one.id === id && one.suffix === "" && masks !== undefined
			? [{ seed: training.seed, ...masks.iou, belowFloor: masksBelowFloor }]
			: [],
	);

function classifiersIn(judged: readonly JudgedClassifier[], name: string) {
	const suffix: Suffix = name.endsWith("-eighth") ? "-eighth" : "";
	const metric = name.startsWith("auc") ? "auc" : "accuracy";
	return (augmentation: string) =>
		judged
			.filter((one) => one.augmentation === augmentation && one.suffix === suffix)
			.map(({ training, scores, belowFloor }) => ({
				...{ seed: training.seed, belowFloor: belowFloor[metric] },
				...scores.values[metric],
			}));
}
