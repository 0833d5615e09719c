import { firstNotFinite, type Matrix } from "../engine/float64/matrix.ts";
import type { Features } from "./metric.ts";

/** Rows `start` to `end` of a feature matrix, not copied. */
export function rows(features: Features, start: number, end: number): Features {
	const { dimensions } = features;
	return { data: features.data.subarray(start * dimensions, end * dimensions), count: end - start, dimensions };
}

/** Mean of each column, in float64. */
export function columnMeans({ data, count, dimensions }: Features): Float64Array {
	const mean = new Float64Array(dimensions);
	for (let row = 0, at = 0; row < count; row += 1) {
		for (let column = 0; column < dimensions; column += 1, at += 1) {
			mean[column] = (mean[column] as number) + (data[at] as number);
		}
	}
	return mean.map((value) => value / count);
}

/** Rows less `mean`, times `scale`, in float64: [count, d]. */
export function centredRows({ data, count, dimensions }: Features, mean: Float64Array, scale = 1): Matrix {
	const centred = new Float64Array(count * dimensions);
	for (let row = 0, at = 0; row < count; row += 1) {
		for (let column = 0; column < dimensions; column += 1, at += 1) {
			centred[at] = ((data[at] as number) - (mean[column] as number)) * scale;
		}
	}
	return { data: centred, rows: count, columns: dimensions };
}

/** Throws unless both sets have rows of one length and finite values only. `metric` and the sets are named. */
export function requireFeatures(metric: string, real: Features, fake: Features, least: number): void {
	if (real.dimensions !== fake.dimensions) {
		throw new RangeError(
			`${metric}: real and fake rows must have equal lengths, got ${real.dimensions} and ${fake.dimensions}`,
		);
	}
	requireRows(metric, "real", real, least);
	requireRows(metric, "fake", fake, least);
}

/** Throws unless a set has at least `least` rows of finite values. */
export function requireRows(metric: string, name: string, { data, count, dimensions }: Features, least: number): void {
	if (count < least) throw new RangeError(`${metric}: ${name} must have at least ${least} rows, got ${count}`);
	const at = firstNotFinite(data);
	if (at < 0) return;
	const row = Math.floor(at / dimensions);
	throw new RangeError(`${metric}: ${name} features must be finite, got ${data[at]} in row ${row}`);
}
