import type { Score } from "../metrics/metric.ts";
import { textTable } from "./table.ts";

/** Scores as a table for the terminal, their notes below it. */
export function scoreText(scores: readonly Score[]): string {
	const level = scores.find((score) => score.interval !== undefined)?.interval?.level ?? 0.95;
	const table = textTable({
		title: "Scores",
		columns: ["metric", "value", "unit", `${100 * level} % interval`, "samples", "better"],
		rows: scores.map((score) => [
			nameOf(score),
			figures(score.value),
			score.unit,
			score.interval === undefined ? "" : `${figures(score.interval.low)} … ${figures(score.interval.high)}`,
			Object.entries(score.samples)
				.map(([side, count]) => `${count} ${side}`)
				.join(", "),
			score.better,
		]),
	});
	const notes = scores.flatMap((score) => (score.notes ?? []).map((note) => `${nameOf(score)}: ${note}`));
	const resize = [...new Set(scores.map(({ protocol }) => protocol["resize"]).filter((one) => one !== undefined))];
	const extractors = [
		...new Set(scores.map(({ protocol }) => protocol["extractor"]).filter((one) => one !== undefined)),
	];
	const made =
		extractors.length > 0 ? [`features: ${extractors.join(", ")}; resize: ${resize.join(", ") || "none"}`] : [];
	return [table, ...made, ...notes].join("\n");
}

/** The name a score is shown by. */
export function nameOf({ label, metric }: Score): string {
	return label ?? metric.toUpperCase();
}

/** Six significant figures unless said otherwise, so that a table stays readable; the report holds all of them. */
export function figures(value: number, significant = 6): string {
	return Number.isFinite(value) ? String(Number(value.toPrecision(significant))) : String(value);
}
