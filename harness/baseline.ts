/** The gate's baseline: the scores of a report that was accepted, with the tolerances of its metrics, as JSON in the repository. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { foundInstead, writeAtomically } from "./files.ts";
import { parseJson, parseReport, type Report, reportJson, reportSchema } from "./report.ts";

export const baselineSchema = "fovea-baseline/1";

/** How much worse a metric may get whatever chance says: the larger of the two. */
export interface Tolerance {
	/** In the metric's unit. */
	readonly absolute?: number | undefined;
	/** Share of the baseline's value. */
	readonly relative?: number | undefined;
}

export interface Baseline {
	readonly schema: typeof baselineSchema;
	/** By metric id; `*` for the others. */
	readonly tolerances: Readonly<Record<string, Tolerance>>;
	readonly report: Report;
}

/** Used where neither the baseline nor the caller says anything. */
export const usualTolerance: Tolerance = { absolute: 0, relative: 0.01 };

/** Reads a baseline, or a report as one. Errors name the file; undefined where there is none. */
export async function readBaseline(path: string): Promise<Baseline | undefined> {
	const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return undefined;
		throw new Error(`${path}: must be a baseline, got ${foundInstead(error)}`);
	});
	if (text === undefined) return undefined;
	const json = parseJson(text, path) as { schema?: unknown; report?: unknown; tolerances?: unknown } | null;
	if (json?.schema === reportSchema) return baselineOf(parseReport(json, path), {});
	if (json?.schema !== baselineSchema) {
		const found = json?.schema === undefined ? "none" : String(json.schema);
		// Not overwritten by --update: the name may be that of another file.
		throw new RangeError(
			`${path}: schema must be ${baselineSchema} or ${reportSchema}, got ${found}; remove it, and --update writes a new one`,
		);
	}
	const tolerances = tolerancesForm.safeParse(json.tolerances);
	if (!tolerances.success) {
		const [issue] = tolerances.error.issues;
		const where = ["tolerances", ...(issue?.path ?? [])].join(".");
		throw new RangeError(
			`${path}: ${where} must be as {"absolute": 0.5} or {"relative": 0.05}, got: ${issue?.message}`,
		);
	}
	return baselineOf(parseReport(json.report, path), tolerances.data);
}

const size = z.number().nonnegative().optional();
const tolerancesForm = z.record(z.string(), z.strictObject({ absolute: size, relative: size }));

export function baselineOf(report: Report, tolerances: Baseline["tolerances"]): Baseline {
	return { schema: baselineSchema, tolerances, report };
}

export async function writeBaseline(path: string, baseline: Baseline): Promise<void> {
	await writeAtomically(path, reportJson(baseline));
}
