/**
 * The regression gate. A metric fails when it got worse by more than its tolerance AND by more than chance explains:
 *
 *   worse > max(tolerance, 1.69 · spread of the change),  spread² = spread²(now) + spread²(baseline)
 *
 * With 1.69 deviations, one-sided, an unchanged metric fails in 4.6 % of runs (less where a tolerance is above that) and a
 * change of three such spreads is caught in 90.5 %; docs/gate.md has both measured. Where both reports hold values of the
 * same pairs, the spread is that of the mean difference, which is smaller.
 */
import type { Protocol, Score } from "../metrics/metric.ts";
import { normalCumulative } from "../metrics/statistics/normal.ts";
import { detectableDifference, samplesNeeded } from "../metrics/statistics/power.ts";
import { type Baseline, type Tolerance, usualTolerance } from "./baseline.ts";
import type { Report } from "./report.ts";
import { figures } from "./score-text.ts";

/** Deviations of the change that chance is allowed: between 1.645 (5 % false alarms) and 1.718 (90 % detection at three). */
export const chance = 1.69;

export interface CheckRow {
	readonly metric: string;
	/** NaN where the baseline has no such score. */
	readonly baseline: number;
	/** NaN where the report has no such score. */
	readonly now: number;
	/** now - baseline */
	readonly change: number;
	/** How much worse it may be: the larger of tolerance and chance. */
	readonly allowed: number;
	/** Standard deviation of the change by sampling; 0 where unknown. */
	readonly spread: number;
	readonly pass: boolean;
	readonly why: string;
}

export interface CheckResult {
	readonly pass: boolean;
	readonly rows: readonly CheckRow[];
	/** What a reader of the rows must know: inputs that are not the baseline's, tolerances too small for the samples. */
	readonly notes: readonly string[];
}

/**
 * Compares a report with a baseline, score by score. Throws where a metric's protocol, or the size of its sets, is not the
 * baseline's, and says which part differs: such values do not compare.
 */
export function check(
	report: Report,
	baseline: Baseline,
	{ tolerances = {} }: { readonly tolerances?: Readonly<Record<string, Tolerance>> } = {},
): CheckResult {
	const left = [...report.scores];
	const rows: CheckRow[] = [];
	const notes = otherInputs(baseline.report, report);
	for (const before of baseline.report.scores) {
		const at = left.findIndex(
			(score) => score.metric === before.metric && score.fingerprint === before.fingerprint && same(score, before),
		);
		if (at < 0) {
			rows.push(missing(before, report.scores));
			continue;
		}
		const [now] = left.splice(at, 1) as [Score];
		requireEqualSets(before, now);
		if (before.better !== now.better) {
			throw new RangeError(`${before.metric}: better must be "${now.better}", as the report's, got "${before.better}"`);
		}
		const asked = { ...toleranceOf(baseline.tolerances, before), ...toleranceOf(tolerances, before) };
		const row = compare(
			before,
			now,
			{ ...usualTolerance, ...asked },
			pairedSpread(before, now, baseline.report, report),
		);
		rows.push(row);
		notes.push(...tooFew(row, before, now, asked));
	}
	for (const score of left) {
		rows.push({ ...row(score, Number.NaN, score.value), pass: true, why: "not in the baseline; --update takes it in" });
	}
	return { pass: rows.every(({ pass }) => pass), rows, notes };
}

/** FID and its like depend on the number of pictures: those of 60 and of 500 do not compare. */
function requireEqualSets(before: Score, now: Score): void {
	for (const side of ["real", "fake"]) {
		const [was, is] = [before.samples[side], now.samples[side]];
		if (was === is) continue;
		throw new RangeError(
			`${before.metric}: values of sets of other sizes do not compare: ${side} must hold ${was} as the baseline's, got ${is}`,
		);
	}
}

/** A line for each set that the model does not make and that is not the one the baseline was judged by. */
function otherInputs({ inputs: was }: Report, { inputs: is }: Report): string[] {
	return ["real", "reference"]
		.filter((side) => was[side] !== undefined && is[side] !== undefined && was[side].sha256 !== is[side].sha256)
		.map((side) => `the ${side} set is not the baseline's: a change may come from there`);
}

/** A line where a tolerance that was asked for is less than the samples can show, by the gate's own rule. */
function tooFew(row: CheckRow, before: Score, now: Score, { absolute = 0, relative = 0 }: Tolerance): string[] {
	const allowance = Math.max(absolute, relative * Math.abs(before.value));
	const count = Math.min(...Object.values(before.samples), ...Object.values(now.samples));
	if (!(allowance > 0) || !(row.spread > 0) || !Number.isFinite(row.spread + count)) return [];
	const rule = { level: 2 * normalCumulative(chance) - 1, power: 0.9 };
	if (allowance >= chance * row.spread) return [];
	const shown = figures(detectableDifference(row.spread, rule), 2);
	const needed = samplesNeeded(allowance, row.spread * Math.sqrt(count), rule);
	return [
		`${row.metric}: ${count} samples show a change of ${shown} in 90 % of runs; the tolerance of ${figures(allowance, 2)} takes about ${figures(needed, 2)}`,
	];
}

/** A fingerprint is of metric and protocol; both are compared, so that an edited file is not believed. */
function same(a: Score, b: Score): boolean {
	return differences(a.protocol, b.protocol).length === 0;
}

/** No score of that protocol: an error where the metric is there under another one, else a failed row. */
function missing(before: Score, scores: readonly Score[]): CheckRow {
	const other = scores
		.filter((score) => score.metric === before.metric)
		.sort((a, b) => apart(before, a) - apart(before, b))[0];
	if (other !== undefined) {
		const what = protocolDifference(before.protocol, other.protocol);
		throw new RangeError(`${before.metric}: values of two protocols do not compare: ${what}`);
	}
	return { ...row(before, before.value, Number.NaN), pass: false, why: "missing from the report" };
}

function apart(before: Score, { protocol }: Score): number {
	return differences(before.protocol, protocol).length;
}

/** Which parts of a protocol are not as they must be. */
export function protocolDifference(must: Protocol, protocol: Protocol): string {
	const parts = differences(must, protocol).map(({ part, was, is }) => `${part} must be ${was}, got ${is}`);
	return parts.length > 0 ? parts.join("; ") : "fingerprint must be that of the protocol, got another";
}

interface Difference {
	readonly part: string;
	readonly was: string;
	readonly is: string;
}

function differences(was: Protocol, is: Protocol): Difference[] {
	const parts = [...new Set([...Object.keys(was), ...Object.keys(is)])];
	const text = (value: Protocol[string] | undefined) => (value === undefined ? "absent" : JSON.stringify(value));
	return parts
		.filter((part) => was[part] !== is[part])
		.map((part) => ({ part, was: text(was[part]), is: text(is[part]) }));
}

function compare(before: Score, now: Score, tolerance: Tolerance, paired: number | undefined): CheckRow {
	const { absolute = 0, relative = 0 } = tolerance;
	const allowance = Math.max(absolute, relative * Math.abs(before.value));
	const known = paired !== undefined || before.spread !== undefined || now.spread !== undefined;
	const spread = paired ?? Math.hypot(before.spread ?? 0, now.spread ?? 0);
	const allowed = Math.max(allowance, chance * spread);
	const basic = { ...row(before, before.value, now.value), allowed, spread };
	// Two infinite PSNR, or one equal value, are no change; a difference of infinities would be NaN.
	if (Object.is(before.value, now.value)) return { ...basic, change: 0, pass: true, why: "unchanged" };
	if (Number.isNaN(now.value) || Number.isNaN(before.value)) {
		return { ...basic, pass: false, why: `must be a number on both sides, got ${before.value} and ${now.value}` };
	}
	const worse = before.better === "lower" ? basic.change : -basic.change;
	if (!Number.isFinite(worse)) {
		return { ...basic, pass: worse < 0, why: worse < 0 ? "not worse" : "infinitely worse, which no tolerance covers" };
	}
	if (worse <= 0) return { ...basic, pass: true, why: "not worse" };
	if (worse <= allowance) return { ...basic, pass: true, why: "worse, within the tolerance" };
	if (worse <= allowed) return { ...basic, pass: true, why: "worse, but no more than chance explains" };
	const evidence = known ? "and than chance explains" : "(no spread is known, so chance was not weighed)";
	return { ...basic, pass: false, why: `worse by more than the tolerance ${evidence}` };
}

function row(score: Score, before: number, now: number): Omit<CheckRow, "pass" | "why"> {
	const metric = score.label ?? score.metric;
	return { metric, baseline: before, now, change: now - before, allowed: 0, spread: 0 };
}

/** Deviation of the mean difference, where both sides judged the same reference pictures one by one. */
function pairedSpread(before: Score, now: Score, was: Report, is: Report): number | undefined {
	const [a, b] = [before.perImage, now.perImage];
	const [from, to] = [was.inputs["reference"]?.sha256, is.inputs["reference"]?.sha256];
	if (a === undefined || b === undefined || a.length !== b.length || a.length < 2) return undefined;
	if (from === undefined || from !== to) return undefined;
	const gaps = a.map((value, index) => (b[index] as number) - value);
	if (!gaps.every(Number.isFinite)) return undefined;
	const mean = gaps.reduce((total, gap) => total + gap, 0) / gaps.length;
	const squares = gaps.reduce((total, gap) => total + (gap - mean) ** 2, 0);
	return Math.sqrt(squares / (gaps.length - 1) / gaps.length);
}

function toleranceOf(tolerances: Readonly<Record<string, Tolerance>>, { metric }: Score): Tolerance {
	const { absolute, relative } = tolerances[metric] ?? tolerances["*"] ?? {};
	return { ...(absolute === undefined ? {} : { absolute }), ...(relative === undefined ? {} : { relative }) };
}
