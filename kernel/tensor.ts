import type { Bundle } from "./messages.ts";
import { type PictureRange, picture } from "./picture.ts";
import { table } from "./table.ts";

/** A bare tensor as a notebook shows it: a picture where its shape and values are a picture's, a small matrix as a table. */

/** What a tensor of TensorFlow.js has that is needed here. */
interface TensorLike {
	readonly shape: readonly number[];
	readonly dtype: string;
	readonly isDisposed?: boolean;
	dataSync(): ArrayLike<number>;
	toString(verbose?: boolean): string;
}

export function isTensor(value: unknown): value is TensorLike {
	const tensor = value as Partial<TensorLike> | null;
	return typeof tensor === "object" && Array.isArray(tensor?.shape) && typeof tensor.dataSync === "function";
}

/** Smaller than this across, channels last is more likely a stack of numbers than a picture. */
const LEAST_SIDE = 8;
/** More of them fill a page. */
const MOST_PICTURES = 64;
const MOST_PIXELS = 4096 * 4096;
/** Rows and columns of a matrix that is still read as a table. */
const LARGEST_TABLE = 20;
/** Lines of a tensor's text. */
const MOST_LINES = 30;
/** Rounding may carry a network's output this far out of its range. */
const SLACK = 1e-3;

export function tensorBundle(tensor: TensorLike): Bundle {
	if (tensor.isDisposed) return { "text/plain": `disposed tensor [${tensor.shape.join(", ")}] ${tensor.dtype}` };
	return asPicture(tensor) ?? { ...asTable(tensor), "text/plain": asText(tensor) };
}

/** TensorFlow.js prints thousands of lines of a layer's output: the first are kept, and what the rest is like is said. */
function asText(tensor: TensorLike): string {
	const lines = tensor.toString(true).split("\n");
	if (lines.length <= MOST_LINES) return lines.join("\n");
	const head = lines.findIndex((line) => line.trim() === "values:");
	const cut = `    … ${lines.length - MOST_LINES} more lines`;
	return [...lines.slice(0, head), ...spread(tensor), ...lines.slice(head, MOST_LINES), cut].join("\n");
}

function spread(tensor: TensorLike): string[] {
	if (tensor.dtype !== "float32" && tensor.dtype !== "int32") return [];
	const data = tensor.dataSync();
	let [low, high, sum] = [Infinity, -Infinity, 0];
	for (let index = 0; index < data.length; index++) {
		const value = data[index] ?? Number.NaN;
		if (!Number.isFinite(value)) return [`  range: holds ${value} at ${index}`];
		low = Math.min(low, value);
		high = Math.max(high, value);
		sum += value;
	}
	const [least, most, mean] = [low, high, sum / data.length].map((value) => Number(value.toPrecision(4)));
	return [`  range: ${least} … ${most}, mean ${mean}`];
}

function asPicture(tensor: TensorLike): Bundle | undefined {
	const { shape, dtype } = tensor;
	const [count = 0, height = 0, width = 0, channels = 0] = shape.length === 3 ? [1, ...shape] : shape;
	if (shape.length < 3 || shape.length > 4 || ![1, 3, 4].includes(channels)) return undefined;
	if (Math.min(height, width) < LEAST_SIDE || count === 0 || count * height * width > MOST_PIXELS) return undefined;
	const size = height * width * channels;
	const kept = Math.min(count, MOST_PICTURES);
	const data = Array.prototype.slice.call(tensor.dataSync(), 0, kept * size) as number[];
	const range = rangeOf(data, dtype);
	if (!range) return undefined;
	const pixels = picture({ data, count: kept, height, width, channels, range });
	const first = kept < count ? `, first ${kept} of ${count}` : "";
	const summary = `tensor [${shape.join(", ")}] ${dtype}, shown as ${range}${first}`;
	return { "image/png": pixels.png(), "text/plain": summary };
}

/** The narrowest range that holds every value; undefined where none does, as among logits. */
function rangeOf(data: readonly number[], dtype: string): PictureRange | undefined {
	let [low, high] = [Infinity, -Infinity];
	for (const value of data) {
		if (!Number.isFinite(value)) return undefined;
		low = Math.min(low, value);
		high = Math.max(high, value);
	}
	if (dtype === "int32" && low >= 0 && high <= 255) return "byte";
	if (dtype !== "float32") return undefined;
	if (low >= -SLACK && high <= 1 + SLACK) return "unit";
	if (low >= -1 - 2 * SLACK && high <= 1 + 2 * SLACK) return "signed";
	return low >= 0 && high <= 255 ? "byte" : undefined;
}

function asTable(tensor: TensorLike): Bundle | undefined {
	const { shape, dtype } = tensor;
	const [rows = 0, columns = 0] = shape;
	if (shape.length !== 2 || rows === 0 || columns === 0 || rows > LARGEST_TABLE || columns > LARGEST_TABLE)
		return undefined;
	if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") return undefined;
	const data = tensor.dataSync();
	const names = Array.from({ length: columns }, (_, column) => String(column));
	const records = Array.from({ length: rows }, (_, row) => ({
		"": row,
		...Object.fromEntries(names.map((name, column) => [name, data[row * columns + column]])),
	}));
	const caption = `[${shape.join(", ")}] ${dtype}`;
	return { "text/html": table(records, { columns: ["", ...names], caption }).html() };
}
