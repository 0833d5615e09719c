/** How close a computed result must come to the stored one. */
import type { TorchArray } from "../../engine/parameters.ts";
import type { Golden } from "./golden.ts";

export interface Quantity {
	readonly name: string;
	/** Error relative to the size of what is stored (or of the whole change, for trained weights). */
	readonly relativeError: number;
	readonly tolerance: number;
	readonly pass: boolean;
}

/** Results by the names that the golden file gives them. */
export type Results = ReadonlyMap<string, TorchArray>;

/** How close a folder's own README asks results to come, as a share of the largest stored value. */
export interface Closeness {
	readonly outputs: number;
	readonly losses: number;
	readonly gradients: number | ((name: string) => number);
	/** Largest difference that is allowed to any result, where it is not 1e-7. */
	readonly floor?: (name: string) => number | undefined;
}

// The relative part of each tolerance is the reference's own: what float32 leaves of different orders of summation.
// The absolute parts stand for sums that cancel to nearly nothing.
const outputs = 1e-4;
const gradients = 1e-3;
// Also of everything where a folder has a closeness of its own.
const floor = 1e-7;
const weightChange = 0.05;
const statistics = { relative: 1e-3, absolute: 2e-3 };
const losses = { relative: 1e-4, absolute: 1e-6, laterRelative: 1e-3, laterAbsolute: 1e-5 };

/** Names in a golden file that are results. */
export function isResult(name: string): boolean {
	return /^(output|loss|grad|grad_input|after)\//.test(name);
}

export interface CompareOptions {
	/** First input channels of a convolution weight that are compared, where rounding decides the rest. */
	readonly channels?: number | undefined;
	/** @default that of the PyTorch goldens */
	readonly closeness?: Closeness | undefined;
}

/** Compares one stored result with ours. */
export function compareResult(
	golden: Golden,
	name: string,
	ours: TorchArray | undefined,
	{ channels, closeness }: CompareOptions = {},
): Quantity {
	const limit = (array: TorchArray) => (channels === undefined ? array : firstInputs(array, channels));
	const expected = limit(golden.tensors.get(name) as TorchArray);
	const label = channels === undefined ? name : `${name}[:, :${channels}]`;
	const failed = { name: label, relativeError: Number.POSITIVE_INFINITY, tolerance: 0, pass: false };
	if (ours === undefined) return failed;
	const actual = limit(ours);
	if (actual.data.length !== expected.data.length || squeezed(actual.shape) !== squeezed(expected.shape)) return failed;
	const before = golden.tensors.get(name.replace(/^after\//, "before/"));
	const isChange = name.startsWith("after/") && before !== undefined && !isStatistic(name);
	return isChange
		? compareChange(label, expected.data, actual.data, limit(before).data, golden.float64.get(name)?.relative ?? 0)
		: compareValues(label, expected.data, actual.data, {
				allowed: (scale) => (closeness === undefined ? allowed(name, scale) : allowedBy(closeness, name, scale)),
				deviation: golden.float64.get(name)?.absolute ?? 0,
			});
}

/** L2 norm of the difference over that of the whole change by training. */
function compareChange(
	name: string,
	expected: Float32Array,
	actual: Float32Array,
	before: Float32Array,
	deviation: number,
): Quantity {
	const change = distance(expected, before);
	if (!Number.isFinite(change)) return { name, relativeError: Number.POSITIVE_INFINITY, tolerance: 0, pass: false };
	const difference = distance(actual, expected);
	const relativeError = change === 0 ? (difference === 0 ? 0 : Number.POSITIVE_INFINITY) : difference / change;
	const tolerance = deviation > weightChange / 5 ? 5 * deviation : weightChange;
	return { name, relativeError, tolerance, pass: relativeError <= tolerance };
}

/** Largest difference against the largest stored value. */
function compareValues(
	label: string,
	expected: Float32Array,
	actual: Float32Array,
	{ allowed, deviation }: { readonly allowed: (scale: number) => number; readonly deviation: number },
): Quantity {
	let scale = 0;
	let difference = 0;
	for (let index = 0; index < expected.length; index += 1) {
		scale = Math.max(scale, Math.abs(expected[index] as number));
		const apart = Math.abs((actual[index] as number) - (expected[index] as number));
		// A NaN would be lost by Math.max.
		difference = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : Math.max(difference, apart);
	}
	// What a file stores as infinite or not a number nothing agrees with: it would allow any difference.
	if (!expected.every(Number.isFinite)) {
		return { name: label, relativeError: Number.POSITIVE_INFINITY, tolerance: 0, pass: false };
	}
	const usual = allowed(scale);
	const tolerance = deviation > usual / 5 ? 5 * deviation : usual;
	const unit = scale === 0 ? 1 : scale;
	return { name: label, relativeError: difference / unit, tolerance: tolerance / unit, pass: difference <= tolerance };
}

/** Largest difference allowed for a result whose greatest value is `scale`. */
function allowed(name: string, scale: number): number {
	if (name.startsWith("output/")) return outputs * scale;
	if (name.startsWith("grad")) return Math.max(gradients * scale, floor);
	if (name.startsWith("loss/0/")) return losses.relative * scale + losses.absolute;
	if (/^loss\/\d+\//.test(name)) return losses.laterRelative * scale + losses.laterAbsolute;
	if (name.startsWith("loss/")) return Math.max(losses.relative * scale, losses.absolute);
	return statistics.relative * scale + statistics.absolute;
}

function allowedBy({ outputs, losses, gradients, floor: own }: Closeness, name: string, scale: number): number {
	const ofGradients = typeof gradients === "number" ? gradients : gradients(name);
	const share = name.startsWith("grad") ? ofGradients : name.startsWith("loss") ? losses : outputs;
	return Math.max(share * scale, own?.(name) ?? floor);
}

function isStatistic(name: string): boolean {
	return /\.(running_mean|running_var|num_batches_tracked)$/.test(name);
}

function distance(a: Float32Array, b: Float32Array): number {
	let sum = 0;
	for (let index = 0; index < a.length; index += 1) sum += ((a[index] as number) - (b[index] as number)) ** 2;
	return Math.sqrt(sum);
}

/** PyTorch keeps scalars as [] or [1]. */
function squeezed(shape: readonly number[]): string {
	return shape.filter((side) => side !== 1).join();
}

/** A convolution weight [out, in, kh, kw] without the input channels from `channels` on. */
function firstInputs({ shape, data }: TorchArray, channels: number): TorchArray {
	const [outputs, inputs, height, width] = shape as [number, number, number, number];
	const taps = height * width;
	const kept = new Float32Array(outputs * channels * taps);
	for (let output = 0; output < outputs; output += 1) {
		const start = output * inputs * taps;
		kept.set(data.subarray(start, start + channels * taps), output * channels * taps);
	}
	return { shape: [outputs, channels, height, width], data: kept };
}
