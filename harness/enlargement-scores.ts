/** Enlarged faces against the true ones, by the metrics of AGA-GAN's evaluation scripts. */
import { Random } from "../engine/random.ts";
import { fsim } from "../metrics/fsim.ts";
import type { PairedMetric, Picture, Protocol, Score } from "../metrics/metric.ts";
import { psnr } from "../metrics/psnr.ts";
import { sre } from "../metrics/sre.ts";
import { ssim } from "../metrics/ssim.ts";
import { uiq } from "../metrics/uiq.ts";
import { mean, picturesOf } from "./edit-test.ts";
import type { PictureSet } from "./edits.ts";
import { comparePairs, type Pair } from "./evaluate-pairs.ts";

/** Metrics by the name under which tables and claims have them. */
const metrics: Readonly<Record<string, PairedMetric>> = {
	psnr: psnr(),
	"psnr-uint8-wrap": psnr({ protocol: "uint8-wrap" }),
	ssim: onGrey(ssim()),
	fsim: fsim(),
	sre: sre(),
	uiq: uiq(),
};

/** What a table calls them. */
export const enlargementMetrics: Readonly<Record<string, string>> = {
	psnr: "PSNR",
	"psnr-uint8-wrap": "PSNR, bytes wrapped",
	ssim: "SSIM",
	fsim: "FSIM",
	sre: "SRE",
	uiq: "UIQ",
};

export interface EnlargementScores {
	readonly scores: readonly Score[];
	/** Value of each picture by metric. */
	readonly perPicture: Readonly<Record<string, readonly number[]>>;
}

/** Scores `made` against `real`, picture by picture. `inputs` say what was made of what. */
export async function scoreEnlargement(
	made: PictureSet,
	real: PictureSet,
	inputs: Protocol,
): Promise<EnlargementScores> {
	const named = Object.entries(metrics);
	const given = named.map(([, metric]) => ({ ...metric, protocol: { ...metric.protocol, ...inputs } }));
	const scores = await comparePairs(pairs(made, real), given, { resamples: 500 });
	const perPicture = named.map(([name], index) => [name, scores[index]?.perImage ?? []] as const);
	return { scores, perPicture: Object.fromEntries(perPicture) };
}

/** The mean of `values` on each of `count` resamples of the test pictures, which are the same for every system. */
export function resampledMeans(values: readonly number[], count: number): number[] {
	const random = Random.seed(11).split("resamples of test pictures");
	return Array.from({ length: count }, (_, resample) => {
		const own = random.split(resample);
		return mean(values.map(() => values[own.integer(values.length)] as number));
	});
}

function* pairs(made: PictureSet, real: PictureSet): Generator<Pair> {
	const images = picturesOf(made);
	let index = 0;
	for (const reference of picturesOf(real)) {
		yield { name: `test picture ${index}`, reference, image: images.next().value as Picture };
		index += 1;
	}
}

/** A metric on the grey picture of the authors' script: the weights for blue, green, red, given red, green, blue. */
function onGrey(metric: PairedMetric): PairedMetric {
	return {
		...metric,
		protocol: { ...metric.protocol, grey: "0.114 R + 0.587 G + 0.299 B, rounded" },
		value: (reference, image) => metric.value(grey(reference), grey(image)),
	};
}

function grey({ data, height, width }: Picture): Picture {
	const values = new Uint8Array(height * width);
	for (let at = 0; at < values.length; at += 1) {
		const [red, green, blue] = [data[3 * at], data[3 * at + 1], data[3 * at + 2]] as [number, number, number];
		values[at] = Math.round(0.114 * red + 0.587 * green + 0.299 * blue);
	}
	return { data: values, height, width, channels: 1 };
}
