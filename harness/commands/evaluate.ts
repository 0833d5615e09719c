import type { Score } from "../../metrics/metric.ts";
import type { AddCommand, CommandLine } from "../command-line.ts";
import type { OpenPairs } from "../open-pairs.ts";
import type { Input, Report } from "../report.ts";
import type { OpenSet } from "../set-rows.ts";

interface Options {
	readonly real?: string;
	readonly fake?: string;
	readonly reference?: string;
	readonly image?: string;
	readonly mask?: string;
	readonly labels?: string;
	readonly metrics?: string;
	readonly features: string;
	readonly preset?: string;
	readonly protocol?: string;
	readonly lpips?: string;
	readonly niqe?: string;
	readonly identity?: string;
	readonly crop?: number;
	readonly range?: number;
	readonly kidSubsets?: number;
	readonly kidSubsetSize?: number;
	readonly neighbours?: number;
	readonly splits?: number;
	readonly seed?: number;
	/** false by --no-interval */
	readonly interval: number | false;
	readonly batchSize: number;
	/** false by --no-cache */
	readonly cache: boolean;
	readonly out?: string;
}

/** `fovea evaluate`: metrics on two sets, on pairs, or on labels. */
export const addEvaluate: AddCommand = (program, line) => {
	program
		.command("evaluate")
		.description("metrics on two sets (--real, --fake), on pairs (--reference, --image) or on labels (--labels)")
		.option(
			"--real <set>",
			"real set: a folder of pictures, or rows [N, d] as FILE.npy, FILE.npz, FILE.safetensors#NAME",
		)
		.option("--fake <set>", "fake set, of the same kind")
		.option("--reference <set>", "reference pictures: a folder, or an array [N, H, W, C], [H, W, C] or [H, W]")
		.option("--image <set>", "pictures to judge: paired by file name, or in order")
		.option("--mask <set>", "masks of pairs, for background-psnr, background-ssim and change-inside")
		.option("--labels <file>", "CSV with the columns label and score, or label and score_CLASS for each class")
		.option("--metrics <ids>", "metric ids between commas")
		.option("--features <extractor>", "mobilenet, inception:FILE, onnx:FILE or tfjs-mobilenet", "mobilenet")
		.option(
			"--preset <name>",
			"conventions of a library for sets: torch-fidelity, clean-fid, pytorch-fid, ttur-papers …",
		)
		.option("--protocol <name>", "conventions of a library for pairs: skimage, basicsr-y …")
		.option(
			"--lpips <trunk>",
			"network of LPIPS: alex:FILE, vgg:FILE or squeeze:FILE, #v0.0 behind it for the older heads",
		)
		.option("--identity <model>", "face model of the metric identity: onnx:FILE")
		.option("--niqe <file>", "model of NIQE as .npz (BasicSR's niqe_pris_params.npz); the package's own when left out")
		.option("--crop <pixels>", "pixels off each side of a pair", whole("--crop", 0))
		.option("--range <value>", "largest possible value of pairs of floats (1 when left out)", positive)
		.option("--kid-subsets <count>", "subsets of KID", whole("--kid-subsets", 1))
		.option("--kid-subset-size <rows>", "rows of a subset of KID", whole("--kid-subset-size", 2))
		.option("--neighbours <k>", "k of precision, recall, density and coverage", whole("--neighbours", 1))
		.option("--splits <count>", "splits of the Inception Score", whole("--splits", 1))
		.option("--seed <number>", "seed of intervals, subsets and shuffles", whole("--seed", 0))
		.option("--interval <level>", "nominal coverage of the intervals", fraction, 0.95)
		.option("--no-interval", "skip the resampling")
		.option("--batch-size <count>", "pictures in one pass of the network", whole("--batch-size", 1), 32)
		.option("--no-cache", "do not keep or use features of pictures")
		.option("--out <file>", "write the report there too")
		.action(async (options: Options) => {
			const { startEngine } = await import("../../engine/engine.ts");
			const { version } = await import("../version.ts");
			const { reportSchema, writeReport } = await import("../report.ts");
			const mode = modeOf(options);
			if (options.out !== undefined) await (await import("../files.ts")).requireWritable(options.out);
			const { name, version: engineVersion } = await startEngine();
			const { inputs, scores } = await modes[mode](options, line);
			const report: Report = {
				schema: reportSchema,
				created: new Date().toISOString(),
				fovea: version,
				engine: { name, version: engineVersion },
				seed: options.seed ?? 0,
				inputs,
				scores,
			};
			if (options.out !== undefined) await writeReport(options.out, report);
			const { scoreText } = await import("../score-text.ts");
			line.answer(report, scoreText(scores));
		});
};

interface Evaluated {
	readonly inputs: Readonly<Record<string, Input>>;
	readonly scores: readonly Score[];
}

const modes: Readonly<
	Record<"sets" | "pairs" | "labels", (options: Options, line: CommandLine) => Promise<Evaluated>>
> = {
	sets: evaluateSets,
	pairs: evaluatePairs,
	labels: evaluateLabels,
};

function modeOf({ real, fake, reference, image, mask, labels }: Options): "sets" | "pairs" | "labels" {
	const asked = [
		...(real !== undefined || fake !== undefined ? (["sets"] as const) : []),
		...(reference !== undefined || image !== undefined ? (["pairs"] as const) : []),
		...(labels !== undefined ? (["labels"] as const) : []),
	];
	if (asked.length !== 1) {
		const got = asked.length === 0 ? "none" : asked.join(" and ");
		throw new RangeError(`evaluate: needs --real and --fake, --reference and --image, or --labels, got ${got}`);
	}
	const [mode] = asked as ["sets" | "pairs" | "labels"];
	if (mode === "sets" && fake === undefined) throw new RangeError("--fake: must name the set to judge, got none");
	if (mode === "pairs" && image === undefined) throw new RangeError("--image: must name a set, got none");
	if (mode !== "pairs" && mask !== undefined) {
		throw new RangeError(`--mask: must come with --reference and --image, got ${mode}`);
	}
	return mode;
}

async function evaluateSets(options: Options, line: CommandLine): Promise<Evaluated> {
	const { compareRows } = await import("../evaluate.ts");
	const { distributionMetrics, presetOf } = await import("../metric-names.ts");
	const { extractorNamed, usualResize } = await import("../extractor-names.ts");
	const { openSet, setRows } = await import("../set-rows.ts");
	const { resizers } = await import("../../metrics/features/resizers.ts");
	const metrics = await distributionMetrics(names(options.metrics ?? "fid,kid"), options);
	const both = metrics.some((metric) => metric.compares === "both");
	if (both && options.real === undefined) throw new RangeError("--real: must name the set to compare with, got none");
	const fake = await openSet(options.fake as string);
	const real = options.real === undefined ? fake : await openSet(options.real);
	if ((fake.kind === "rows") !== (real.kind === "rows")) {
		throw new RangeError("evaluate: --real and --fake must both be pictures or both be rows, got one of each");
	}
	for (const set of new Set([real, fake])) requireSet(set, both);
	const inputs = { ...(options.real === undefined ? {} : { real: real.input }), fake: fake.input };
	const pictures = fake.kind !== "rows";
	const resize = presetOf(options)?.resize ?? usualResize(options.features);
	const resizer = resizers[resize];
	if (resizer === undefined) throw new Error(`internal: no resizer named ${resize}`);
	const extractor = pictures
		? await extractorNamed(options.features, { normalise: presetOf(options)?.normalise })
		: undefined;
	try {
		const classifies = metrics.find(({ rows }) => rows === "logits");
		if (extractor?.classes === 0 && classifies !== undefined) {
			const got = `${options.features} without them`;
			throw new RangeError(`--features: must be an extractor with class logits for ${classifies.id}, got ${got}`);
		}
		const rowsOf = async (set: typeof fake, name: string, judged: "both" | "fake") => {
			using bar = line.progress(`features of ${name}`);
			const logits = metrics.some(
				({ rows, compares }) => rows === "logits" && (judged === "fake" || compares === "both"),
			);
			return await setRows(set, {
				extractor,
				resizer,
				logits,
				batchSize: options.batchSize,
				signal: line.signal,
				cache: options.cache,
				onPicture: (done, total) => bar.update({ done, total }),
			});
		};
		const judged = await rowsOf(fake, "the fake set", "fake");
		const compared = real === fake ? judged : await rowsOf(real, "the real set", "both");
		line.signal.throwIfAborted();
		const { seed, interval } = options;
		const scores = await compareRows(compared, judged, metrics, { seed, interval, label: extractor?.label }).catch(
			(cause: Error) => {
				// A metric knows the rows, not the files.
				const files = real === fake ? fake.input.path : `${real.input.path} and ${fake.input.path}`;
				throw new RangeError(`${files}: ${cause.message}`, { cause });
			},
		);
		return { inputs, scores };
	} finally {
		extractor?.[Symbol.dispose]();
	}
}

/** Throws, naming the set, where it holds too few rows for a comparison, or rows that are not finite. */
function requireSet(set: OpenSet, compared: boolean): void {
	const { path, count } = set.input;
	if (compared && count < 2) throw new RangeError(`${path}: must hold 2 or more to be compared, got ${count}`);
	if (set.kind !== "rows") return;
	const { data, dimensions } = set.rows;
	const bad = data.findIndex((value) => !Number.isFinite(value));
	if (bad < 0) return;
	const place = `row ${Math.floor(bad / dimensions)}, column ${bad % dimensions}`;
	throw new RangeError(`${path}: features must be finite, got ${data[bad]} in ${place}`);
}

async function evaluatePairs(options: Options, line: CommandLine): Promise<Evaluated> {
	const { comparePairs } = await import("../evaluate-pairs.ts");
	const { openPairs } = await import("../open-pairs.ts");
	const { pairedMetrics } = await import("../metric-names.ts");
	const image = options.image as string;
	const alone = options.reference === undefined;
	const ranged = options.range !== undefined;
	const { mask } = options;
	const {
		inputs,
		pairs,
		range: usual,
	} = await openPairs(options.reference ?? image, image, {
		mask,
		ranged,
		signal: line.signal,
	});
	const range = options.range ?? usual;
	const metrics = await pairedMetrics(names(options.metrics ?? "psnr,ssim"), { ...options, range });
	if (alone && metrics.some(({ judges }) => judges !== "image")) {
		throw new RangeError("--reference: must name a set, got none");
	}
	const masked = metrics.find(({ judges }) => judges === "masked");
	if (masked !== undefined && mask === undefined) {
		throw new RangeError(`--mask: must name the masks that ${masked.id} needs, got none`);
	}
	const { seed, interval } = options;
	const counted = withProgress(pairs, inputs.reference.count, line);
	try {
		const scores = await comparePairs(counted, metrics, { seed, interval });
		return { inputs: alone ? { image: inputs.image } : { ...inputs }, scores };
	} finally {
		for (const metric of metrics) metric[Symbol.dispose]?.();
	}
}

async function* withProgress(pairs: OpenPairs["pairs"], total: number, line: CommandLine) {
	using bar = line.progress("pairs");
	let done = 0;
	for await (const pair of pairs) {
		yield pair;
		done += 1;
		bar.update({ done, total, text: pair.name });
	}
}

async function evaluateLabels(options: Options, line: CommandLine): Promise<Evaluated> {
	const { createHash } = await import("node:crypto");
	const { readFile } = await import("node:fs/promises");
	const { setImmediate: turn } = await import("node:timers/promises");
	const { compareLabels } = await import("../evaluate-pairs.ts");
	const { readLabelTable } = await import("../label-table.ts");
	const { labelledMetrics } = await import("../metric-names.ts");
	const path = options.labels as string;
	const metrics = await labelledMetrics(names(options.metrics ?? "accuracy,auc"), options);
	const table = await readLabelTable(path);
	const sha256 = createHash("sha256")
		.update(await readFile(path))
		.digest("hex");
	const { seed, interval } = options;
	try {
		using bar = line.progress("metrics");
		const scores: Score[] = [];
		for (const metric of metrics) {
			bar.update({ done: scores.length, total: metrics.length, text: metric.id });
			scores.push(...compareLabels(table, [metric], { seed, interval }));
			// The resamples of a metric leave no turn for Ctrl-C.
			await turn();
			line.signal.throwIfAborted();
		}
		return { inputs: { labels: { path, count: table.labels.length, sha256 } }, scores };
	} catch (cause) {
		// A metric knows the rows, not the file.
		throw new RangeError(`${path}: ${(cause as Error).message}`, { cause });
	}
}

function names(list: string): string[] {
	const ids = list.split(",").map((name) => name.trim());
	const twice = ids.find((name, at) => ids.indexOf(name) !== at);
	if (twice !== undefined) throw new RangeError(`--metrics: ids must differ, got ${twice} twice`);
	return ids;
}

function whole(option: string, least: number): (text: string) => number {
	return (text) => {
		const value = Number(text);
		if (!Number.isSafeInteger(value) || value < least || text.trim() === "") {
			throw new RangeError(`${option}: must be a whole number of ${least} or more, got ${text}`);
		}
		return value;
	};
}

function positive(text: string): number {
	const value = Number(text);
	if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`--range: must be a number above 0, got ${text}`);
	return value;
}

function fraction(text: string): number {
	const value = Number(text);
	if (!(value > 0 && value < 1)) throw new RangeError(`--interval: must lie between 0 and 1, got ${text}`);
	return value;
}
