/** Metrics by the names that scripts use; the one place that turns a metric's name into a metric. */
import type { DistributionMetric, LabelledMetric, Metric, PairedMetric } from "../metrics/metric.ts";
import { didYouMean } from "./suggest.ts";

/** What scripts may say about metrics; each is used by the metrics that know it. */
export interface MetricOptions {
	/** Protocol of another library for sets: `torch-fidelity`. */
	readonly preset?: string | undefined;
	/** Protocol of another library for pairs: `basicsr-y`. */
	readonly protocol?: string | undefined;
	/** Pixels taken off each side of a pair. */
	readonly crop?: number | undefined;
	/** Trunk of LPIPS: `alex:FILE`. */
	readonly lpips?: string | undefined;
	/** Face model of identity: `onnx:FILE`. */
	readonly identity?: string | undefined;
	/** File with NIQE's model. */
	readonly niqe?: string | undefined;
	/** Largest possible value of a pair's numbers. */
	readonly range?: number | undefined;
	readonly kidSubsets?: number | undefined;
	readonly kidSubsetSize?: number | undefined;
	readonly neighbours?: number | undefined;
	readonly splits?: number | undefined;
	/** Seed of a metric's own draws (subsets, splits), where it is to differ from its protocol's. */
	readonly seed?: number | undefined;
}

type Make<M extends Metric> = (options: MetricOptions) => Promise<M>;

/** What a preset fixes for sets: the conventions of the library of that name. */
interface Preset {
	readonly kid: import("../metrics/kid.ts").KidOptions;
	readonly fid: import("../metrics/fid.ts").FidOptions;
	readonly is: import("../metrics/inception-score.ts").InceptionScoreOptions;
	readonly neighbours: import("../metrics/precision-recall.ts").NeighbourOptions;
	/** Name of the resizer, see metrics/features/resizers.ts. */
	readonly resize: string;
	/** How pictures go into Inception. @default "tensorflow" */
	readonly normalise?: "tensorflow" | "pytorch-fid";
}

const torchFidelity: Preset = {
	fid: {},
	kid: { subsets: 100, subsetSize: 1000, seed: 2020, first: "real" },
	is: { splits: 10, shuffle: true, seed: 2020, cut: "even" },
	neighbours: { neighbours: 3, inclusive: true },
	resize: "tensorflow1-bilinear",
};

export const presets: Readonly<Record<string, Preset>> = {
	"torch-fidelity": torchFidelity,
	"pytorch-fid": { ...torchFidelity, resize: "torch-bilinear", normalise: "pytorch-fid" },
	"clean-fid": {
		...torchFidelity,
		kid: { subsets: 100, subsetSize: 1000, shrink: true, first: "fake" },
		resize: "pillow-bicubic-float",
	},
	// Its subsets and shuffles are drawn by PyTorch's generator: those of here are others.
	torchmetrics: {
		...torchFidelity,
		is: { splits: 10, shuffle: true, cut: "chunk" },
		resize: "torch-bilinear-antialiased",
	},
	prdc: { ...torchFidelity, neighbours: { neighbours: 5, inclusive: false } },
	piq: {
		...torchFidelity,
		kid: { sampling: "all" },
		is: { splits: 10, shuffle: false, cut: "drop" },
		resize: "torch-bilinear",
	},
	"ttur-papers": {
		...torchFidelity,
		fid: { scale: 0.01 },
		kid: { sampling: "blocks", blockSize: 10, scale: 100 },
		resize: "pillow-bilinear",
		// The script of U-GAT-IT and AttentionGAN: v / 255 * 2 - 1.
		normalise: "pytorch-fid",
	},
};

export function presetOf({ preset }: MetricOptions): Preset | undefined {
	if (preset === undefined) return undefined;
	const known = presets[preset];
	if (known !== undefined) return known;
	const names = Object.keys(presets);
	throw new RangeError(`--preset: must be one of ${names.join(", ")}, got ${didYouMean(preset, names)}`);
}

const neighbourOptions = (options: MetricOptions) => ({
	...presetOf(options)?.neighbours,
	...given({ neighbours: options.neighbours }),
});

const distribution: Readonly<Record<string, Make<DistributionMetric>>> = {
	fid: async (options) => (await import("../metrics/fid.ts")).fid(presetOf(options)?.fid),
	kid: async (options) => {
		const { kidSubsets: subsets, kidSubsetSize: subsetSize, seed } = options;
		const own = given({ subsets, subsetSize, seed });
		return (await import("../metrics/kid.ts")).kid({ ...presetOf(options)?.kid, ...own });
	},
	"fid-infinity": async ({ seed }) => (await import("../metrics/fid-infinity.ts")).fidInfinity(given({ seed })),
	mind: async ({ seed }) => (await import("../metrics/mind.ts")).mind(given({ seed })),
	cmmd: async () => (await import("../metrics/cmmd.ts")).cmmd(),
	is: async (options) => {
		const own = given({ splits: options.splits, seed: options.seed });
		return (await import("../metrics/inception-score.ts")).inceptionScore({ ...presetOf(options)?.is, ...own });
	},
	precision: async (options) => (await import("../metrics/precision-recall.ts")).precision(neighbourOptions(options)),
	recall: async (options) => (await import("../metrics/precision-recall.ts")).recall(neighbourOptions(options)),
	density: async (options) => (await import("../metrics/precision-recall.ts")).density(neighbourOptions(options)),
	coverage: async (options) => (await import("../metrics/precision-recall.ts")).coverage(neighbourOptions(options)),
};

const pairOptions = ({ crop, range, protocol }: MetricOptions) => given({ crop, range, protocol: protocol as never });

const scaleOptions = ({ crop, range }: MetricOptions) => given({ crop, range });

const paired: Readonly<Record<string, Make<PairedMetric>>> = {
	psnr: async (options) => (await import("../metrics/psnr.ts")).psnr(pairOptions(options)),
	ssim: async (options) => (await import("../metrics/ssim.ts")).ssim(pairOptions(options)),
	"ms-ssim": async (options) => (await import("../metrics/ms-ssim.ts")).msSsim(pairOptions(options)),
	lpips: async ({ lpips, range }) => (await import("./lpips-names.ts")).lpipsNamed(lpips, range),
	identity: async ({ identity, range }) => await identityNamed(identity, range),
	niqe: async ({ niqe, ...options }) => (await import("./niqe-names.ts")).niqeNamed(niqe, scaleOptions(options)),
	// These have conventions of their own: --protocol says nothing about them, but for SAM.
	rmse: async (options) => (await import("../metrics/rmse.ts")).rmse(scaleOptions(options)),
	sre: async (options) => (await import("../metrics/sre.ts")).sre(scaleOptions(options)),
	sam: async ({ range, protocol }) => {
		const own = protocol === undefined ? undefined : samProtocols[protocol];
		return (await import("../metrics/sam.ts")).sam(given({ range, protocol: own }));
	},
	"colour-distance": async ({ range }) =>
		(await import("../metrics/colour-distance.ts")).colourDistance(given({ range })),
	uiq: async ({ range }) => (await import("../metrics/uiq.ts")).uiq(given({ range })),
	issm: async ({ range }) => (await import("../metrics/issm.ts")).issm(given({ range })),
	fsim: async ({ range }) => (await import("../metrics/fsim.ts")).fsim(given({ range })),
	dice: async () => (await import("../metrics/dice.ts")).dice(),
	iou: async () => (await import("../metrics/iou.ts")).iou(),
	hd95: async () => (await import("../metrics/hd95.ts")).hd95(),
	"attention-iou": async () => (await import("../metrics/attention.ts")).attentionIou(),
	"pointing-game": async () => (await import("../metrics/attention.ts")).pointingGame(),
	"attention-inside": async () => (await import("../metrics/attention.ts")).attentionInside(),
	"attention-entropy": async () => (await import("../metrics/attention-entropy.ts")).meanAttentionEntropy(),
	"seed-correlation": async () => (await import("../metrics/seed-agreement.ts")).pairedSeedAgreement("correlation"),
	"seed-iou": async () => (await import("../metrics/seed-agreement.ts")).pairedSeedAgreement("iou"),
	"background-psnr": async ({ range }) => (await import("../metrics/background.ts")).maskedBackgroundPsnr({ range }),
	"background-ssim": async ({ range }) => (await import("../metrics/background.ts")).maskedBackgroundSsim({ range }),
	"change-inside": async () => (await import("../metrics/change-inside.ts")).maskedChangeInside(),
};

const labelled: Readonly<Record<string, Make<LabelledMetric>>> = {
	accuracy: async () => (await import("../metrics/accuracy.ts")).accuracy(),
	"balanced-accuracy": async () => (await import("../metrics/balanced-accuracy.ts")).balancedAccuracy(),
	tpr: async () => (await import("../metrics/tpr.ts")).truePositiveRate(),
	precision: async () => (await import("../metrics/label-precision.ts")).labelPrecision(),
	// Another name of the true positive rate.
	recall: async () => ({ ...(await import("../metrics/tpr.ts")).truePositiveRate(), id: "recall" }),
	tnr: async () => (await import("../metrics/tnr.ts")).trueNegativeRate(),
	f1: async () => (await import("../metrics/f1.ts")).f1(),
	auc: async () => (await import("../metrics/auc.ts")).auc(),
	"average-precision": async () => (await import("../metrics/average-precision.ts")).averagePrecision(),
	"log-loss": async () => (await import("../metrics/log-loss.ts")).logLoss(),
	ece: async () => (await import("../metrics/ece.ts")).ece(),
	brier: async () => (await import("../metrics/brier.ts")).brier(),
};

/** image-similarity-measures multiplies bytes as bytes. */
const samProtocols: Readonly<Record<string, "uint8-wrap" | "torchmetrics">> = {
	"uint8-wrap": "uint8-wrap",
	"image-similarity-measures": "uint8-wrap",
	torchmetrics: "torchmetrics",
};

async function identityNamed(name: string | undefined, range: number | undefined): Promise<PairedMetric> {
	if (name === undefined) {
		throw new RangeError("--identity: must be onnx:FILE, a face model of yours, for the metric identity, got none");
	}
	const { extractorNamed } = await import("./extractor-names.ts");
	const { identity } = await import("../metrics/identity.ts");
	const { antialiasedBilinear } = await import("../metrics/resize/antialiased-bilinear.ts");
	const extractor = await extractorNamed(name, {}, "--identity");
	return identity({ extractor, resizer: antialiasedBilinear(), range });
}

/** Ids of all metrics that scripts can name. */
export const metricIds: readonly string[] = [
	...new Set([distribution, paired, labelled].flatMap((known) => Object.keys(known))),
];

export const distributionMetrics = (names: readonly string[], options: MetricOptions = {}) =>
	make("--real and --fake", distribution, names, options);
export const pairedMetrics = (names: readonly string[], options: MetricOptions = {}) =>
	make("--reference and --image", paired, names, options);
export const labelledMetrics = (names: readonly string[], options: MetricOptions = {}) =>
	make("--labels", labelled, names, options);

async function make<M extends Metric>(
	inputs: string,
	known: Readonly<Record<string, Make<M>>>,
	names: readonly string[],
	options: MetricOptions,
): Promise<M[]> {
	const metrics: M[] = [];
	for (const name of names) {
		const one = known[name];
		if (one === undefined) {
			const all = Object.keys(known);
			throw new RangeError(`--metrics: with ${inputs} must be among ${all.join(", ")}, got ${didYouMean(name, all)}`);
		}
		metrics.push(await one(options));
	}
	return metrics;
}

/** The options that were given, without the undefined ones. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
	const entries = Object.entries(options).filter(([, value]) => value !== undefined);
	return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
