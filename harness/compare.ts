/**
 * Systems judged on the same pictures or labels, each against the first: the mean difference with its interval, a test of its
 * being chance, and Holm's correction for how many tests there are.
 */
import { classScores, predictions } from "../metrics/labels.ts";
import type { Interval, Score } from "../metrics/metric.ts";
import { adjustedP } from "../metrics/statistics/adjusted-p.ts";
import { mcnemar } from "../metrics/statistics/binomial.ts";
import { bootstrapInterval } from "../metrics/statistics/bootstrap.ts";
import { delongTest } from "../metrics/statistics/delong.ts";
import { pairedPermutation } from "../metrics/statistics/permutation.ts";
import { detectableDifference, powerNote } from "../metrics/statistics/power.ts";
import { wilcoxon } from "../metrics/statistics/wilcoxon.ts";
import { protocolDifference } from "./check.ts";
import type { LabelTable } from "./label-table.ts";
import type { Report } from "./report.ts";
import { figures } from "./score-text.ts";

export interface Difference {
	readonly metric: string;
	readonly better: "lower" | "higher";
	/** Name of the system that is compared with the first. */
	readonly system: string;
	/** Pairs, or rows of the label table. */
	readonly count: number;
	readonly first: number;
	readonly value: number;
	/** value - first */
	readonly difference: number;
	/** Absent for a single pair. */
	readonly interval?: Interval;
	/** Standard error of the difference. */
	readonly spread: number;
	/** What p is of: "paired permutation, exact", "DeLong", "McNemar, exact". */
	readonly test: string;
	/** Two-sided. */
	readonly p: number;
	/** p of Wilcoxon's signed ranks, a second opinion that outliers do not sway; of pairs alone. */
	readonly wilcoxon?: number;
	/** p after Holm's correction for all rows. */
	readonly adjusted: number;
	/** By the adjusted p at 1 - level. */
	readonly verdict: "better" | "worse" | "undecided";
}

export interface Comparison {
	readonly level: number;
	readonly rows: readonly Difference[];
	/** What a reader must know: what could not be compared, and what so few samples cannot show. */
	readonly notes: readonly string[];
}

export interface ComparisonOptions {
	/** @default 0.95 */
	readonly level?: number;
	/** @default 0 */
	readonly seed?: number;
	/** By metric, the difference that is claimed: a note says where the samples are too few to show it. */
	readonly claims?: Readonly<Record<string, number>>;
}

/** One system's report or label table; the name is used in errors. */
export interface System<T> {
	readonly name: string;
	readonly judged: T;
}

type Tested = Omit<Difference, "adjusted" | "verdict">;

/** Reports of pairs: each metric's values pair by pair. Throws where reference pictures or protocols are not those of the first. */
export function compareReports(systems: readonly System<Report>[], options: ComparisonOptions = {}): Comparison {
	const { level = 0.95, seed = 0 } = options;
	const [first, ...others] = requireTwo(systems);
	const notes: string[] = [];
	const rows: Tested[] = [];
	const judged = first.judged.scores.filter((score) => score.perImage !== undefined);
	if (judged.length === 0) {
		throw new RangeError(`${first.name}: must hold a value of each pair, as of --reference and --image, got none`);
	}
	for (const { metric, perImage } of first.judged.scores) {
		if (perImage === undefined) notes.push(`${metric}: has no value of each pair, and is not compared`);
	}
	for (const other of others) {
		const side = first.judged.inputs["reference"] === undefined ? "image" : "reference";
		const [was, is] = [first.judged.inputs[side], other.judged.inputs[side]];
		if (is === undefined || (side === "reference" && was?.sha256 !== is.sha256)) {
			throw new RangeError(`${other.name}: must judge the same ${side} pictures as ${first.name}, got others`);
		}
		for (const score of judged) rows.push(pairRow(score, first.name, other, { level, seed }));
	}
	return corrected(rows, notes, options);
}

function pairRow(
	before: Score,
	name: string,
	other: System<Report>,
	{ level, seed }: { readonly level: number; readonly seed: number },
): Tested {
	const { metric, better, perImage: a = [] } = before;
	const same = other.judged.scores.filter((score) => score.metric === metric);
	const now = same.find((score) => score.fingerprint === before.fingerprint);
	if (now === undefined) {
		const found = same[0];
		const got = found === undefined ? "no score" : protocolDifference(before.protocol, found.protocol);
		throw new RangeError(`${other.name}: must have ${metric} under the protocol of ${name}, got ${got}`);
	}
	const b = now.perImage ?? [];
	if (a.length !== b.length) {
		throw new RangeError(`${other.name}: must judge as many pictures as ${name}, ${a.length}, got ${b.length}`);
	}
	const gaps = b.map((value, at) => value - (a[at] as number));
	const basic = { metric, better, system: other.name, count: a.length, first: before.value, value: now.value };
	if (!gaps.every(Number.isFinite)) {
		return { ...basic, difference: now.value - before.value, spread: Number.NaN, test: "none", p: Number.NaN };
	}
	const { difference, p, exact, assignments } = pairedPermutation(b, a, { seed });
	const zeros = gaps.every((gap) => gap === 0);
	const bootstrap = gaps.length > 1 ? bootstrapInterval(b, { paired: a, seed, level }) : undefined;
	const bounds =
		bootstrap === undefined
			? {}
			: { interval: { low: bootstrap.low, high: bootstrap.high, level, method: bootstrap.method } };
	return {
		...basic,
		difference,
		...bounds,
		spread: bootstrap?.spread ?? Number.NaN,
		test: `paired permutation, ${exact ? "exact" : `${assignments} draws`}`,
		p,
		wilcoxon: zeros ? 1 : wilcoxon(gaps).p,
	};
}

/**
 * Label tables: the AUC of two classes by DeLong's test, accuracy by McNemar's. Throws where the labels are not those of the
 * first, row by row.
 */
export function compareLabelTables(
	systems: readonly System<LabelTable>[],
	options: ComparisonOptions = {},
): Comparison {
	const { level = 0.95, seed = 0 } = options;
	const [first, ...others] = requireTwo(systems);
	const { labels, classes } = first.judged;
	const notes: string[] = [];
	const right = ({ scores }: LabelTable) =>
		predictions(labels, scores, 0.5).map((predicted, row) => Number(predicted === labels[row]));
	const sizes = [...new Set(labels)].map((label) => labels.filter((one) => one === label).length);
	const repeated = Math.max(...sizes) > 1;
	const positives = labels.filter((label) => label === 1).length;
	const curve = classes.length <= 2 && Math.min(positives, labels.length - positives) > 1;
	if (!curve) notes.push("auc: needs two classes of two rows or more, and is not compared");
	const rows = others.flatMap((other): Tested[] => {
		const theirs = other.judged;
		if (theirs.classes.join() !== classes.join() || theirs.labels.length !== labels.length) {
			throw new RangeError(`${other.name}: must have the rows and classes of ${first.name}, got others`);
		}
		const row = theirs.labels.findIndex((label, at) => label !== labels[at]);
		if (row >= 0)
			throw new RangeError(`${other.name}: must have the labels of ${first.name}, got another in row ${row}`);
		const basic = { better: "higher", system: other.name, count: labels.length } as const;
		const [a, b] = [right(first.judged), right(theirs)];
		const only = (mine: Int32Array, his: Int32Array) => mine.filter((hit, at) => hit > (his[at] as number)).length;
		const mean = (hits: Int32Array) => hits.reduce((total, hit) => total + hit, 0) / hits.length;
		const { low, high, method, spread: error } = bootstrapInterval(b, { paired: a, seed, level, strata: labels });
		const accuracy: Tested = {
			metric: "accuracy",
			...basic,
			first: mean(a),
			value: mean(b),
			difference: mean(b) - mean(a),
			// A class of one row is drawn alike every time.
			...(repeated ? { interval: { low, high, level, method } } : {}),
			spread: repeated ? error : Number.NaN,
			test: "McNemar, exact",
			p: mcnemar(only(a, b), only(b, a)).p,
		};
		if (!curve) return [accuracy];
		const chances = ({ scores }: LabelTable) => classScores(labels, scores, 1);
		const area = delongTest(labels, chances(theirs), chances(first.judged), level);
		const auc = { metric: "auc", ...basic, first: area.second, value: area.first, difference: area.difference };
		const { spread } = area;
		// Of few samples every one may be ranked better alike: no variance, by rounding, is no certainty.
		if (area.difference !== 0 && spread < 1e-7) return [{ ...auc, spread: 0, test: "none", p: Number.NaN }, accuracy];
		const interval = { low: area.low, high: area.high, level, method: "DeLong" };
		return [{ ...auc, interval, spread, test: "DeLong", p: area.p }, accuracy];
	});
	return corrected(rows, notes, options);
}

function requireTwo<T>(systems: readonly System<T>[]): readonly [System<T>, ...System<T>[]] {
	const [first, ...others] = systems;
	if (first === undefined || others.length === 0) {
		throw new RangeError(`compare: needs two systems or more, got ${systems.length}`);
	}
	return [first, ...others];
}

/** Holm's correction over all rows that have a p, the verdicts, and what the samples cannot show. */
function corrected(
	tested: readonly Tested[],
	notes: string[],
	{ level = 0.95, claims = {} }: ComparisonOptions,
): Comparison {
	const known = tested.filter(({ p }) => !Number.isNaN(p));
	const adjusted = adjustedP(known.map(({ p }) => p));
	const rows = tested.map((row): Difference => {
		const at = known.indexOf(row);
		if (at < 0) {
			const why = Number.isFinite(row.difference)
				? "the difference has no variance to test it by"
				: "a value is not finite";
			notes.push(`${row.metric} of ${row.system}: ${why}, and is not tested`);
			return { ...row, adjusted: Number.NaN, verdict: "undecided" };
		}
		const p = adjusted[at] as number;
		const gain = row.better === "higher" ? row.difference : -row.difference;
		const verdict = p >= 1 - level ? "undecided" : gain > 0 ? "better" : "worse";
		notes.push(...tooFew({ ...row, verdict }, { level, claim: claims[row.metric], tests: known.length }));
		return { ...row, adjusted: p, verdict };
	});
	return { level, rows, notes };
}

/** Of an undecided row what its samples could have shown; of a claim whether they are enough for it. */
function tooFew(
	row: Tested & Pick<Difference, "verdict">,
	{ level, claim, tests }: { readonly level: number; readonly claim: number | undefined; readonly tests: number },
): string[] {
	const { metric, system, count, spread, verdict, test } = row;
	const of = `${metric} of ${system}`;
	if (claim !== undefined && spread > 0) {
		const note = powerNote(claim, { spread, count, level });
		if (note !== undefined) return [`${of}: ${note}`];
	}
	if (verdict !== "undecided") return [];
	// All signs alike are two of the 2^n assignments.
	const least = tests * 2 ** (1 - count);
	if (test.endsWith("permutation, exact") && least >= 1 - level) {
		const what = `${count} pairs under ${tests} ${tests === 1 ? "test" : "tests"}`;
		return [`${of}: ${what} give no corrected p below ${figures(Math.min(1, least), 2)}: too few for any difference`];
	}
	if (!(spread > 0)) return [];
	const shown = figures(detectableDifference(spread, { level }), 2);
	return [`${of}: ${count} samples show a difference of ${shown} with 80 % power`];
}
