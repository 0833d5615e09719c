/** What is plotted on a report page: metrics with their intervals, and losses while training. */
import type { Score } from "../../metrics/metric.ts";
import { groupBy } from "../group.ts";
import type { LogLine } from "../training-run.ts";
import type { PageNumber } from "./contents.ts";

export interface PlotPoint {
	readonly x: number;
	readonly y: number;
	/** Ends of the interval. */
	readonly low?: number;
	readonly high?: number;
	/** What the point is, in words. */
	readonly name: string;
}

export interface PlotSeries {
	readonly name: string;
	/** Place in the palette: a system has one colour in all plots. */
	readonly colour: number;
	/** Which of the lines of that colour: a seed. */
	readonly line: number;
	readonly points: readonly PlotPoint[];
}

export interface PlotSpec {
	readonly title: string;
	/** One sentence: what is to be seen. */
	readonly caption: string;
	readonly kind: "intervals" | "lines" | "points";
	readonly x: string;
	readonly y: string;
	/** Names of the whole places 0, 1, … along x. */
	readonly places?: readonly string[];
	readonly series: readonly PlotSeries[];
}

/** A curve keeps no more points than a screen shows. */
const mostPoints = 240;

/** The name of a metric where there is room: "FID-lite", "Reconstruction L1". */
export function metricName({ label, metric }: Score): string {
	if (label !== undefined) return label;
	if (/^[a-z]{2,4}$/.test(metric) && metric !== "dice") return metric.toUpperCase();
	const words = metric
		.replaceAll("-", " ")
		.replace(/\b(iou|l1|f1|auc|ece|ssim|fid|kid|d?psnr)\b/g, (name) => (name === "iou" ? "IoU" : name.toUpperCase()));
	return words.charAt(0).toUpperCase() + words.slice(1);
}

/** One plot for each metric: a point with its interval for each training and, along x, for each edit, set or class. */
export function metricPlots(numbers: readonly PageNumber[], systems: readonly string[]): PlotSpec[] {
	const byMetric = groupBy(numbers, ({ score }) => `${metricName(score)} ${score.unit}`);
	return [...byMetric.values()].map((own) => metricPlot(own, systems));
}

function metricPlot(own: readonly PageNumber[], systems: readonly string[]): PlotSpec {
	const { score } = own[0] as PageNumber;
	const places = [...new Set(own.map(({ part }) => part))];
	const sources = [...groupBy(own, ({ source }) => source)];
	const series = sources.map(([source, numbers], index): PlotSeries => {
		const system = numbers[0]?.system ?? "";
		const shift = sources.length === 1 ? 0 : (0.6 * index) / (sources.length - 1) - 0.3;
		return {
			name: source,
			colour: Math.max(0, systems.indexOf(system)),
			line: sources.slice(0, index).reduce((count, [, others]) => count + (others[0]?.system === system ? 1 : 0), 0),
			points: numbers
				.filter(({ score }) => Number.isFinite(score.value))
				.map(({ score, part }) => ({
					x: places.indexOf(part) + shift,
					y: score.value,
					...(score.interval === undefined ? {} : { low: score.interval.low, high: score.interval.high }),
					name: [source, part].filter((text) => text !== "").join(", "),
				})),
		};
	});
	const levels = [...new Set(own.flatMap(({ score }) => (score.interval === undefined ? [] : [score.interval.level])))];
	const intervals =
		levels.length === 0 ? "no intervals were computed" : `bars are ${100 * (levels[0] ?? 0)} % intervals`;
	const unit = score.unit === "" ? "" : `, ${score.unit}`;
	return {
		title: metricName(score),
		caption: `${score.better === "lower" ? "Lower" : "Higher"} is better; ${intervals}.`,
		kind: "intervals",
		x: "",
		y: `${metricName(score)}${unit}`,
		places,
		series: series.filter(({ points }) => points.length > 0),
	};
}

/** Values per picture of metrics that have them. */
export function picturePlots(numbers: readonly PageNumber[]): PlotSpec[] {
	return numbers.flatMap(({ score, source }): PlotSpec[] => {
		const values = score.perImage ?? [];
		if (values.length < 2) return [];
		return [
			{
				title: `${metricName(score)} of each picture`,
				caption: `${values.length} pictures in the order of their names; the line is their mean.`,
				kind: "points",
				x: "picture",
				y: `${metricName(score)}${score.unit === "" ? "" : `, ${score.unit}`}`,
				series: [
					{ name: source, colour: 0, line: 0, points: thinned(perPicture(values)) },
					{
						name: "mean",
						colour: 1,
						line: 1,
						points: [1, values.length].map((x) => ({ x, y: score.value, name: "mean" })),
					},
				],
			},
		];
	});
}

function perPicture(values: NonNullable<Score["perImage"]>): PlotPoint[] {
	return values.flatMap((y, index) => (Number.isFinite(y) ? [{ x: index + 1, y, name: `picture ${index + 1}` }] : []));
}

function thinned(points: readonly PlotPoint[], most = 2000): PlotPoint[] {
	const step = Math.ceil(points.length / most);
	return points.filter((_, index) => index % step === 0);
}

/** The log of one training. */
export interface TrainingLog {
	readonly system: string;
	readonly source: string;
	readonly lines: readonly LogLine[];
}

/** One plot for each loss: means over windows of the training, one line for each training. */
export function lossPlots(logs: readonly TrainingLog[], systems: readonly string[]): PlotSpec[] {
	const names = [...new Set(logs.flatMap(({ lines }) => lines.flatMap(({ losses }) => Object.keys(losses))))];
	return names.map((loss): PlotSpec => {
		const series = logs.map(({ system, source, lines }, index): PlotSeries => {
			const own = lines.filter(({ losses }) => Number.isFinite(losses[loss]));
			const window = Math.max(1, Math.ceil(own.length / mostPoints));
			const points: PlotPoint[] = [];
			for (let start = 0; start < own.length; start += window) {
				const part = own.slice(start, start + window);
				const mean = part.reduce((sum, { losses }) => sum + (losses[loss] as number), 0) / part.length;
				points.push({ x: part.at(-1)?.step ?? 0, y: Number(mean.toPrecision(5)), name: source });
			}
			const line = logs.slice(0, index).filter((other) => other.system === system).length;
			return { name: source, colour: Math.max(0, systems.indexOf(system)), line, points };
		});
		const longest = Math.max(1, ...series.map(({ points }) => points.length));
		const window = Math.max(1, Math.ceil(Math.max(0, ...logs.map(({ lines }) => lines.length)) / mostPoints));
		return {
			title: loss,
			caption: window === 1 ? `${longest} iterations.` : `Means over ${window} iterations.`,
			kind: "lines",
			x: "iteration",
			y: loss,
			series: series.filter(({ points }) => points.length > 0),
		};
	});
}
