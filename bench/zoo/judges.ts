/** Scores of the zoo's systems, the same for all of a kind. */
import { compareLabels, comparePairs } from "../../harness/evaluate-pairs.ts";
import type { LabelTable } from "../../harness/label-table.ts";
import type { PixelArray } from "../../harness/pictures.ts";
import { evaluate } from "../../harness/scores.ts";
import { accuracy } from "../../metrics/accuracy.ts";
import { auc } from "../../metrics/auc.ts";
import { fid } from "../../metrics/fid.ts";
import type { Images } from "../../metrics/images.ts";
import type { Picture, Score } from "../../metrics/metric.ts";
import { psnr } from "../../metrics/psnr.ts";
import { ssim } from "../../metrics/ssim.ts";
import type { Judgement } from "./entry.ts";

/** Of the resamples behind intervals. */
const seed = 5;

/** PSNR and SSIM of luma, of pictures that a system made and of others, against the true ones. */
export async function judgePairs(
	sets: Readonly<Record<"truth" | "made" | "beside", readonly PixelArray[]>>,
	than: string,
): Promise<Judgement> {
	const metrics = [psnr({ protocol: "basicsr-y", crop: 0 }), ssim({ protocol: "basicsr-y", crop: 0 })];
	const against = (images: readonly PixelArray[]) => {
		const pairs = sets.truth.map((reference, index) => ({
			...{ name: `picture ${index + 1}`, reference: reference as Picture, image: images[index] as Picture },
		}));
		return comparePairs(pairs, metrics, { seed });
	};
	// Values of every picture are left out of a file that is to be read.
	const plain = (scores: readonly Score[]) => scores.map(({ perImage: _, ...score }) => score);
	return { scores: plain(await against(sets.made)), beside: plain(await against(sets.beside)), than };
}

export interface SetPair {
	/** "horses made zebras" */
	readonly what: string;
	readonly real: Images;
	readonly made: Images;
	readonly beside: Images;
}

/** FID of MobileNet's features of what a system makes, beside that of what needs no training. */
export async function judgeSets(sets: readonly SetPair[], than: string): Promise<Judgement> {
	const lite = async (what: string, real: Images, fake: Images) => {
		const scores = await evaluate({ real, fake }, [fid()], { resamples: 100, seed });
		return scores.map((score) => ({ ...score, label: `FID-lite of ${what}` }));
	};
	const scores: Score[] = [];
	const beside: Score[] = [];
	for (const { what, real, made, beside: other } of sets) {
		scores.push(...(await lite(what, real, made)));
		beside.push(...(await lite(what, real, other)));
	}
	return { scores, beside, than };
}

/** Accuracy and area under the ROC curve of chances of class 1, beside those of one chance for all. */
export function judgeClasses(table: LabelTable): Judgement {
	const metrics = [accuracy(), auc()];
	const blind = { ...table, scores: table.scores.map(() => 0.5) };
	return {
		scores: compareLabels(table, metrics, { seed }),
		beside: compareLabels(blind, metrics, { seed, interval: false }),
		than: "one answer for all",
	};
}
