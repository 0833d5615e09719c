/** Distances between feature sets, and the Inception Score, against the golden numbers. */
import { fid } from "../../metrics/fid.ts";
import { type InceptionScoreOptions, inceptionScore } from "../../metrics/inception-score.ts";
import { kid } from "../../metrics/kid.ts";
import type { Features } from "../../metrics/metric.ts";
import { coverage, density, precision, recall } from "../../metrics/precision-recall.ts";
import { Golden } from "../../test/helpers/golden.ts";
import { type Comparison, named, type Versions } from "./row.ts";

export async function* setComparisons(folder: string): AsyncGenerator<Comparison> {
	yield* fids(folder);
	yield* kids(folder);
	yield* inceptionScores(folder);
	yield* neighbours(folder);
}

async function* fids(folder: string): AsyncGenerator<Comparison> {
	const golden = new Golden<{
		versions: Versions;
		cases: { name: string; x: string; y: string; abs_tolerance: number; values: Record<string, unknown> }[];
	}>(folder, "fid");
	const { versions, cases } = golden.document;
	for (const { name, x, y, abs_tolerance, values } of cases) {
		const { value: ours } = await fid().measure(golden.features(x), golden.features(y));
		for (const [route, theirs] of Object.entries(values)) {
			if (typeof theirs !== "number") continue;
			const [, library = "", precision] = /^(.+)_(float\d\d)$/.exec(route) ?? [];
			const known = library === "low_rank" ? "numpy" : library.replaceAll("_", "-");
			// float32 means move the libraries' values by up to 1e-7 of them.
			const tolerance = abs_tolerance + (precision === "float32" ? 1e-7 * Math.abs(theirs) : 0);
			yield { metric: "FID", reference: `${named(known, versions)}, ${precision}`, name, ours, theirs, tolerance };
		}
	}
}

interface KidCase {
	readonly x: string;
	readonly y: string;
	readonly full: Readonly<Record<string, number>>;
	readonly torch_fidelity: readonly {
		readonly dtype: string;
		readonly kid_subsets: number;
		readonly kid_subset_size: number;
		readonly rng_seed: number;
		readonly mean: number;
		readonly std: number;
		readonly abs_tolerance: number;
	}[];
	readonly clean_fid: readonly {
		readonly num_subsets: number;
		readonly max_subset_size: number;
		readonly numpy_global_seed: number;
		readonly value: number;
		readonly abs_tolerance: number;
	}[];
	readonly torchmetrics: readonly {
		readonly real: string;
		readonly fake: string;
		readonly mean: number;
		readonly abs_tolerance: number;
	}[];
}

async function* kids(folder: string): AsyncGenerator<Comparison> {
	const golden = new Golden<{ versions: Versions; cases: KidCase[] }>(folder, "kid");
	const { versions, cases } = golden.document;
	for (const one of cases) {
		const [real, fake] = [golden.features(one.x), golden.features(one.y)];
		const name = `${one.x} and ${one.y}`;
		for (const [estimator, theirs] of Object.entries(one.full)) {
			const options = { sampling: "all", estimator: estimator.replace("_", "-") as "unbiased" } as const;
			const { value: ours } = await kid(options).measure(real, fake);
			const reference = named("numpy", versions);
			yield { metric: `KID, all rows, ${estimator}`, reference, name, ours, theirs, tolerance: 1e-12 };
		}
		for (const {
			dtype,
			kid_subsets: subsets,
			kid_subset_size: subsetSize,
			rng_seed: seed,
			...their
		} of one.torch_fidelity) {
			const { value: ours, details } = await kid({ subsets, subsetSize, seed }).measure(real, fake);
			const common = {
				reference: `${named("torch-fidelity", versions)}, ${dtype}`,
				name,
				tolerance: their.abs_tolerance,
			};
			yield { metric: "KID, subsets", ...common, ours, theirs: their.mean };
			yield { metric: "KID, deviation", ...common, ours: details?.["subsetDeviation"] ?? 0, theirs: their.std };
		}
		for (const {
			num_subsets: subsets,
			max_subset_size: subsetSize,
			numpy_global_seed: seed,
			...their
		} of one.clean_fid) {
			const options = { subsets, subsetSize, seed, shrink: true, first: "fake" } as const;
			const { value: ours } = await kid(options).measure(real, fake);
			const common = { reference: named("clean-fid", versions), name, tolerance: their.abs_tolerance };
			yield { metric: "KID, subsets", ...common, ours, theirs: their.value };
		}
		for (const their of one.torchmetrics) {
			const ours = await storedSubsets(golden, their);
			const common = { reference: named("torchmetrics", versions), name, tolerance: their.abs_tolerance };
			yield { metric: "KID, stored subsets", ...common, ours, theirs: their.mean };
		}
	}
}

/** The mean over subsets whose row numbers are stored, [subsets, rows]. */
async function storedSubsets(golden: Golden<unknown>, { real, fake }: { real: string; fake: string }): Promise<number> {
	const indices = ["real", "fake"].map((side) => golden.array(`torchmetrics/index_${side}`));
	const [count = 0, rows = 0] = indices[0]?.shape ?? [];
	let total = 0;
	for (let subset = 0; subset < count; subset += 1) {
		const [a, b] = [real, fake].map((set, side) => {
			const numbers = Array.from(indices[side]?.data ?? [], Number).slice(subset * rows, (subset + 1) * rows);
			return chosen(golden.features(set), numbers);
		}) as [Features, Features];
		total += (await kid({ sampling: "all" }).measure(a, b)).value / count;
	}
	return total;
}

function chosen({ data, dimensions }: Features, numbers: readonly number[]): Features {
	const rows = new Float64Array(numbers.length * dimensions);
	for (const [to, from] of numbers.entries()) {
		rows.set(data.subarray(from * dimensions, (from + 1) * dimensions), to * dimensions);
	}
	return { data: rows, count: numbers.length, dimensions };
}

async function* inceptionScores(folder: string): AsyncGenerator<Comparison> {
	const golden = new Golden<{
		versions: Versions;
		cases: {
			logits: string;
			library: "torch-fidelity" | "piq" | "torchmetrics";
			splits: number;
			shuffle: boolean | string;
			rng_seed?: number | null;
			mean: number;
			rel_tolerance: number;
		}[];
	}>(folder, "inception_score");
	const cut = { "torch-fidelity": "even", piq: "drop", torchmetrics: "chunk" } as const;
	for (const { logits, library, splits, shuffle, rng_seed, mean, rel_tolerance } of golden.document.cases) {
		const rows = golden.features(logits);
		const stored = typeof shuffle === "string" ? chosen(rows, [...golden.int32(shuffle)]) : rows;
		const options: InceptionScoreOptions = {
			splits,
			cut: cut[library],
			shuffle: shuffle === true,
			...(rng_seed == null ? {} : { seed: rng_seed }),
		};
		const { value: ours } = await inceptionScore(options).measure(stored, stored);
		const name = `${logits}, ${splits} splits`;
		const common = { reference: named(library, golden.document.versions), name, tolerance: rel_tolerance * mean };
		yield { metric: "IS", ...common, ours, theirs: mean };
	}
}

async function* neighbours(folder: string): AsyncGenerator<Comparison> {
	type Four = Readonly<Record<"precision" | "recall" | "density" | "coverage", number>>;
	const golden = new Golden<{
		versions: Versions;
		cases: {
			real: string;
			fake: string;
			k: number;
			prdc: Four;
			torch_fidelity: Pick<Four, "precision" | "recall">;
			direct_distances: { strict: Four; inclusive: Four };
			exact: boolean;
		}[];
	}>(folder, "precision_recall");
	const { versions, cases } = golden.document;
	const makes = { precision, recall, density, coverage };
	for (const { real, fake, k, prdc, torch_fidelity, direct_distances, exact } of cases) {
		const sets = [golden.features(real), golden.features(fake)] as const;
		const name = `${real} and ${fake}, k = ${k}`;
		// Where distances tie, the libraries' own rounding decides: then only the exact distances are a reference.
		const sources = [
			["numpy", false, direct_distances.strict, 1e-12],
			["numpy, ties inside", true, direct_distances.inclusive, 1e-12],
			...(exact ? ([["prdc", false, prdc, 1e-12]] as const) : []),
			// It prints float32.
			...(exact ? ([["torch-fidelity", true, torch_fidelity, 1e-7]] as const) : []),
		] as const;
		for (const [library, inclusive, values, tolerance] of sources) {
			for (const [metric, make] of Object.entries(makes)) {
				const theirs = (values as Partial<Four>)[metric as keyof Four];
				if (theirs === undefined) continue;
				const { value: ours } = await make({ neighbours: k, inclusive }).measure(...sets);
				yield { metric, reference: named(library, versions), name, ours, theirs, tolerance };
			}
		}
	}
}
