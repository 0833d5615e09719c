/** A report: scores with the inputs they came from, kept as JSON. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { fingerprint, type Score } from "../metrics/metric.ts";
import { foundInstead, writeAtomically } from "./files.ts";

export const reportSchema = "fovea-report/1";

/** What was judged: enough to say whether it was the same thing. */
export interface Input {
	readonly path: string;
	readonly count: number;
	/** Of the file, or of the files' hashes in order. */
	readonly sha256: string;
}

export interface Report {
	readonly schema: typeof reportSchema;
	/** ISO 8601, UTC. */
	readonly created: string;
	/** Version of this package. */
	readonly fovea: string;
	readonly engine: { readonly name: string; readonly version: string };
	readonly seed: number;
	readonly inputs: Readonly<Record<string, Input>>;
	readonly scores: readonly Score[];
}

/** JSON text with NaN and infinities as the strings "NaN", "Infinity", "-Infinity". */
export function reportJson(report: unknown): string {
	const write = (_key: string, value: unknown) =>
		typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
	return `${JSON.stringify(report, write, "\t")}\n`;
}

/** Writes a report so that its name never holds half of it. */
export async function writeReport(path: string, report: Report): Promise<void> {
	await writeAtomically(path, reportJson(report));
}

/** Reads a report, or a baseline, which has the same form. Errors name the file, and what of it is wrong. */
export async function readReport(path: string): Promise<Report> {
	const text = await readFile(path, "utf8").catch((error: unknown) => {
		throw new Error(`${path}: must be a report, got ${foundInstead(error)}`);
	});
	return parseReport(parseJson(text, path), path);
}

/** JSON, with or without the mark that some editors put before it. `where` names it in errors. */
export function parseJson(text: string, where: string): unknown {
	if (text.trim() === "") throw new Error(`${where}: must be JSON, got an empty file`);
	try {
		return JSON.parse(text.replace(/^\uFEFF/, ""));
	} catch (cause) {
		throw new Error(`${where}: must be JSON, got ${(cause as Error).message}`, { cause });
	}
}

/** Checks a parsed report; `where` names it in errors. */
export function parseReport(json: unknown, where: string): Report {
	const found = (json as { schema?: unknown } | null | undefined)?.schema;
	if (found !== reportSchema) {
		throw new RangeError(
			`${where}: schema must be ${reportSchema}, got ${found === undefined ? "none" : String(found)}`,
		);
	}
	const parsed = reportForm.safeParse(json);
	if (parsed.success) {
		const report = parsed.data as Report;
		requireOwnFingerprints(report, where);
		return report;
	}
	const [issue] = parsed.error.issues;
	throw new RangeError(
		`${where}: ${issue?.path.join(".") || "report"} must be as in ${reportSchema}, got: ${issue?.message}`,
	);
}

/** An edited protocol is not believed; two scores of one fingerprint could not be told apart. */
function requireOwnFingerprints({ scores }: Report, where: string): void {
	const seen = new Set<string>();
	for (const [index, { metric, protocol, fingerprint: given }] of scores.entries()) {
		if (given !== fingerprint(metric, protocol)) {
			throw new RangeError(
				`${where}: scores.${index}.fingerprint must be that of ${metric} and its protocol, got another: the file was edited`,
			);
		}
		if (seen.has(given)) throw new RangeError(`${where}: scores must differ, got ${metric} twice under one protocol`);
		seen.add(given);
	}
}

/** A number of a report, in which NaN and the infinities are words. */
export const reportNumber = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]).transform(Number)]);

export const scoreForm = z.object({
	metric: z.string().min(1),
	label: z.string().optional(),
	value: reportNumber,
	better: z.enum(["lower", "higher"]),
	unit: z.string(),
	interval: z.object({ low: reportNumber, high: reportNumber, level: z.number(), method: z.string() }).optional(),
	spread: reportNumber.optional(),
	samples: z.record(z.string(), z.number()),
	protocol: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
	fingerprint: z.string().min(1),
	perImage: z.array(reportNumber).optional(),
	details: z.record(z.string(), reportNumber).optional(),
	notes: z.array(z.string()).optional(),
});

const reportForm = z.object({
	schema: z.literal(reportSchema),
	created: z.string(),
	fovea: z.string(),
	engine: z.object({ name: z.string(), version: z.string() }),
	seed: z.number(),
	inputs: z.record(z.string(), z.object({ path: z.string(), count: z.number(), sha256: z.string() })),
	scores: z.array(scoreForm).min(1),
});
