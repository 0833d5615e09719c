import test from "ava";
import { decideClaim, maskMissesOf, missesOf } from "../../harness/augmentation-claims.ts";
import type { JudgedAugmenter, JudgedClassifier } from "../../harness/augmentation-report.ts";
import type { AugmenterScores, AugmenterTest, MaskScores } from "../../harness/augmentation-scores.ts";
import type { Suffix } from "../../harness/augmentation-setup.ts";
import type { PoolResult } from "../../harness/training-pool.ts";
import { paper } from "../../models/sag-gan.ts";

const training = (system: string, seed: number): PoolResult => ({
	...{ paper: paper.id, system, seed, preset: "smoke", data: undefined, steps: undefined, out: "", from: undefined },
	result: { steps: 1, seconds: 1, losses: {} } as unknown as PoolResult["result"],
});
const resampled = (value: number) => ({ value, resamples: [value - 0.01, value, value + 0.01] });
const masks = (value: number, { least = 0.1, most = 0.9 } = {}): MaskScores => ({
	...{ iou: resampled(value), least, most },
});
const scores = (own: Partial<AugmenterScores> = {}): AugmenterScores => ({
	...{ scores: [], fid: 10, outside: 0.01, asLabelled: 0.9, masks: masks(0.4) },
	...own,
});
const given = {
	...{ blurredFid: 100, blurredOutside: 0.04, maps: { prior: 0.05, brightness: 0.7 } },
} as AugmenterTest;

const augmenter = (id: JudgedAugmenter["id"], seed: number, own: AugmenterScores): JudgedAugmenter => ({
	...{ id, suffix: "" as Suffix, training: training(id, seed), scores: own },
	...{ belowFloor: "no matter for masks", masksBelowFloor: maskMissesOf(id, own, given) },
});
const classifier = (
	augmentation: JudgedClassifier["augmentation"],
	seed: number,
	accuracy: number,
	{ suffix = "" as Suffix, below = undefined as string | undefined } = {},
): JudgedClassifier => ({
	...{ augmentation, suffix, training: training(augmentation, seed) },
	scores: { scores: [], values: { accuracy: resampled(accuracy), auc: resampled(accuracy) } },
	belowFloor: { accuracy: below, auc: undefined },
});

const claimOf = (metric: string, worse: string) => {
	const found = paper.claims.find((claim) => claim.metric === metric && claim.worse === worse);
	if (found === undefined) throw new Error(`no claim on ${metric} against ${worse}`);
	return found;
};
const masksClaim = claimOf("attention-iou", "sag-gan-without-labels");

test("masks that lie on tumours beat masks that do not, whatever the pictures do for a classifier", (t) => {
	const made = [1, 2, 3].flatMap((seed) => [
		augmenter("sag-gan", seed, scores()),
		augmenter("sag-gan-without-labels", seed, scores({ masks: masks(0) })),
	]);
	const [verdict] = decideClaim(masksClaim, [], made, 3);
	t.is(verdict?.verdict, "held");
	t.true(Math.abs((verdict?.measured as number) - 0.4) < 1e-12);
	// Both sides are of the same seeds and share their resamples, so that nothing is left of chance.
	t.true(Math.abs((verdict?.interval.low as number) - 0.4) < 1e-12);
});

test("fewer trainings of a side than wanted decide nothing, and the reason counts them", (t) => {
	const made = [
		...[1, 2, 3].map((seed) => augmenter("sag-gan", seed, scores())),
		augmenter("sag-gan-without-labels", 1, scores({ masks: masks(0) })),
	];
	const [verdict] = decideClaim(masksClaim, [], made, 3);
	t.is(verdict?.verdict, "undecided");
	t.is(verdict?.why, "sag-gan-without-labels was trained from 1 of 3 seeds");
	t.is(decideClaim(masksClaim, [], made.slice(0, 3), 3).length, 0);
});

test("masks on one side of one half, taught masks under the prior and damaged pictures may not be compared", (t) => {
	t.is(maskMissesOf("sag-gan", scores(), given), undefined);
	t.is(maskMissesOf("cyclegan", scores({ masks: undefined, fid: 1000 }), given), undefined);
	t.regex(
		maskMissesOf("uaggan", scores({ masks: masks(0.4, { least: 0.4, most: 0.489 }) }), given) ?? "",
		/^its masks run from 0\.400 to 0\.489, on one side of one half$/,
	);
	t.regex(
		maskMissesOf("aggan", scores({ masks: masks(0.4, { least: 0.6 }) }), given) ?? "",
		/^its masks run from 0\.600/,
	);
	const lost = scores({ masks: masks(0.05) });
	t.is(maskMissesOf("sag-gan", lost, given), "its masks' IoU is 0.0500, not above 0.0500");
	t.is(maskMissesOf("sag-gan-without-labels", lost, given), undefined);
	t.is(
		maskMissesOf("aggan", scores({ fid: 100, outside: 0.05 }), given),
		"FID-lite 100 not below 100, background changed by 0.0500, over 0.0400",
	);
});

test("pictures are below the floor where a classifier does not tell them apart as they are labelled", (t) => {
	t.is(missesOf(scores(), given, 0.8), undefined);
	t.is(missesOf(scores({ asLabelled: 0.7 }), given, 0.8), "its pictures told apart with an AUC of 0.700, under 0.800");
});

test("accuracy and AUC have floors of their own, and an eighth its own trainings", (t) => {
	const judged = [1, 2].flatMap((seed) => [
		classifier("sag-gan", seed, 0.9),
		classifier("without-augmentation", seed, 0.7, { below: "under-trained" }),
		classifier("sag-gan", seed, 0.5, { suffix: "-eighth" }),
		classifier("without-augmentation", seed, 0.6, { suffix: "-eighth" }),
	]);
	const verdict = (metric: string) => decideClaim(claimOf(metric, "without-augmentation"), judged, [], 2)[0];
	t.is(verdict("accuracy")?.verdict, "undecided");
	t.regex(verdict("accuracy")?.why ?? "", /^without-augmentation \(seed 1\) is below the floor, under-trained/);
	t.is(verdict("auc")?.verdict, "held");
	t.is(verdict("auc-eighth")?.verdict, "not-held");
});
