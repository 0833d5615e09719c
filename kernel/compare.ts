import { stripVTControlCharacters } from "node:util";
import sharp from "sharp";
import type { Notebook, Output } from "./notebook.ts";

/** Whether a notebook run again says the same: numbers by tolerance, pictures by likeness, ids and times not at all. */

export interface CompareOptions {
	/** How far two numbers may differ, relative to the larger. @default 1e-6 */
	readonly tolerance?: number;
	/** The least structural similarity of two pictures. @default 0.98 */
	readonly ssim?: number;
}

export interface Difference {
	/** The code cell, counted from 1. */
	readonly cell: number;
	readonly what: string;
}

const NUMBER = /[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/g;
const TIMES = [
	/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[-+]\d\d:?\d\d)?/g,
	/\b\d+(?:\.\d+)?(?:e[-+]?\d+)? ?(?:ns|µs|us|ms|s|sec|seconds|min|minutes|h)\b(?:\/(?:step|it|batch|image|cell))?/g,
	/\b\d+(?:\.\d+)? ?(?:it|steps?|images|cells|batches)\/s\b/g,
	/\b\d\d?:\d\d(?::\d\d)?\b/g,
];
const IDS = [
	/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi,
	/\b(?=[0-9a-f]*[a-f])(?=[a-f]*\d)[0-9a-f]{16,}\b/gi,
	/fovea-\d+-\d+-[\da-z.]+/g,
];

function settle(text: string): string {
	const timeless = TIMES.reduce((so, pattern) => so.replace(pattern, "<time>"), text);
	return stripVTControlCharacters(IDS.reduce((so, pattern) => so.replace(pattern, "<id>"), timeless)).trimEnd();
}

function near(a: number, b: number, tolerance: number): boolean {
	return a === b || Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b), tolerance);
}

/** The first place where two texts differ in more than a number's last digits. */
function compareText(before: string, after: string, tolerance: number): string | undefined {
	const [a, b] = [settle(before), settle(after)];
	if (a === b) return undefined;
	if (a.replace(NUMBER, "#") !== b.replace(NUMBER, "#")) return `text was ${quote(a, b)}, is ${quote(b, a)}`;
	const numbers = [...b.matchAll(NUMBER)].map(([text]) => Number(text));
	for (const [index, [text]] of [...a.matchAll(NUMBER)].entries()) {
		const now = numbers[index] ?? Number.NaN;
		if (!near(Number(text), now, tolerance)) return `number was ${text}, is ${now}`;
	}
	return undefined;
}

function quote(text: string, other: string): string {
	let at = 0;
	while (at < text.length && text[at] === other[at]) at++;
	return JSON.stringify(text.slice(Math.max(0, at - 20), at + 40));
}

/** Mean structural similarity over 8 × 8 windows of the grey pictures. Wang et al. 2004, equation 13, uniform window. */
async function similarity(before: string, after: string): Promise<number> {
	const [a, b] = await Promise.all(
		[before, after].map((each) =>
			sharp(Buffer.from(each, "base64"))
				.flatten({ background: "#fff" })
				.greyscale()
				.raw()
				.toBuffer({ resolveWithObject: true }),
		),
	);
	if (!a || !b || a.info.width !== b.info.width || a.info.height !== b.info.height) return 0;
	const { width, height } = a.info;
	const side = Math.min(8, width, height);
	let sum = 0;
	let windows = 0;
	for (let y = 0; y + side <= height; y += 4) {
		for (let x = 0; x + side <= width; x += 4) {
			sum += windowSimilarity(a.data, b.data, { x, y, side, width });
			windows++;
		}
	}
	return sum / windows;
}

function windowSimilarity(
	a: Buffer,
	b: Buffer,
	{ x, y, side, width }: { readonly x: number; readonly y: number; readonly side: number; readonly width: number },
): number {
	let [sumA, sumB, squareA, squareB, product] = [0, 0, 0, 0, 0];
	for (let row = y; row < y + side; row++) {
		for (let column = x; column < x + side; column++) {
			const p = a[row * width + column] ?? 0;
			const q = b[row * width + column] ?? 0;
			sumA += p;
			sumB += q;
			squareA += p * p;
			squareB += q * q;
			product += p * q;
		}
	}
	const n = side * side;
	const [meanA, meanB] = [sumA / n, sumB / n];
	const [varianceA, varianceB] = [squareA / n - meanA ** 2, squareB / n - meanB ** 2];
	const covariance = product / n - meanA * meanB;
	const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];
	return (
		((2 * meanA * meanB + c1) * (2 * covariance + c2)) / ((meanA ** 2 + meanB ** 2 + c1) * (varianceA + varianceB + c2))
	);
}

async function compareOutput(
	before: Output,
	after: Output,
	options: Required<CompareOptions>,
): Promise<string | undefined> {
	const { tolerance, ssim } = options;
	if (before.output_type !== after.output_type) return `output was ${before.output_type}, is ${after.output_type}`;
	if (before.output_type === "stream" && after.output_type === "stream") {
		if (before.name !== after.name) return `output was on ${before.name}, is on ${after.name}`;
		return compareText(before.text, after.text, tolerance);
	}
	if (before.output_type === "error" && after.output_type === "error")
		return compareText(`${before.ename}: ${before.evalue}`, `${after.ename}: ${after.evalue}`, tolerance);
	if (!("data" in before && "data" in after)) return undefined;
	const types = Object.keys(before.data).sort();
	if (types.join() !== Object.keys(after.data).sort().join())
		return `forms were ${types.join(", ")}, are ${Object.keys(after.data).sort().join(", ")}`;
	for (const type of types) {
		const [a, b] = [before.data[type], after.data[type]].map(asText);
		if (a === undefined || b === undefined) continue;
		if (/^image\/(?:png|jpeg)$/.test(type)) {
			const found = a === b ? 1 : await similarity(a, b);
			if (found < ssim) return `${type}: similarity must be at least ${ssim}, got ${found.toFixed(4)}`;
			continue;
		}
		const found = compareText(a, b, tolerance);
		if (found) return `${type}: ${found}`;
	}
	return undefined;
}

function asText(data: unknown): string {
	if (typeof data === "string") return data;
	if (Array.isArray(data) && data.every((each) => typeof each === "string")) return data.join("");
	return JSON.stringify(data) ?? "";
}

/** Streams may be cut differently from run to run. */
function joinStreams(outputs: readonly Output[]): Output[] {
	const joined: Output[] = [];
	for (const output of outputs) {
		const last = joined.at(-1);
		if (output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name)
			joined[joined.length - 1] = { ...last, text: last.text + output.text };
		else joined.push(output);
	}
	return joined;
}

export async function compareNotebooks(
	before: Notebook,
	after: Notebook,
	options: CompareOptions = {},
): Promise<Difference[]> {
	const all = { tolerance: 1e-6, ssim: 0.98, ...options };
	const codeOf = ({ cells }: Notebook) =>
		cells.filter((cell) => cell.cell_type === "code" && cell.source.trim() !== "");
	const [old, now] = [codeOf(before), codeOf(after)];
	const differences: Difference[] = [];
	for (const [index, cell] of old.entries()) {
		const expected = joinStreams(cell.outputs ?? []);
		const found = joinStreams(now[index]?.outputs ?? []);
		const add = (what: string) => differences.push({ cell: index + 1, what });
		if (expected.length !== found.length) add(`${expected.length} outputs were kept, ${found.length} came`);
		for (const [place, output] of expected.entries()) {
			const other = found[place];
			const what = other && (await compareOutput(output, other, all));
			if (what) add(what);
		}
	}
	return differences;
}
