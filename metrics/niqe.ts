import { readFileSync } from "node:fs";
import type { Matrix } from "../engine/float64/matrix.ts";
import { symmetricEigen } from "../engine/linear-algebra.ts";
import type { PairedMetric, Picture } from "./metric.ts";
import { sceneFeatures, sceneStatistics } from "./natural-scene.ts";
import { type Plane, planes, requireComparable } from "./planes.ts";

/** A model of pristine pictures: mean [36] and covariance [36, 36] of their blocks' features. */
export interface NiqeParameters {
	/** Goes into the protocol: what the model was fitted on, or the hash of its file. */
	readonly name: string;
	readonly mean: Float64Array;
	readonly covariance: Float64Array;
	/** Window [7, 7] of the local moments, where the file brings its own: its last bits matter in flat parts. */
	readonly window?: Float64Array;
}

export interface NiqeOptions {
	/** @default the model of this package, `niqeParameters()` */
	readonly parameters?: NiqeParameters;
	/** Side of a block in pixels, even. @default 96 */
	readonly blockSize?: number;
	/** Pixels taken off each side. @default 0 */
	readonly crop?: number;
	/** Largest possible value; needed for pictures of floats. @default 255 for bytes */
	readonly range?: number;
}

/**
 * Natural image quality evaluator (Mittal et al., 2013): the distance of a picture's blocks from a model of pristine pictures,
 * √((μ - m)' ((S + C) / 2)⁺ (μ - m)), on the BT.601 luma rounded to bytes, as the authors' program and BasicSR have it, in
 * float64; BasicSR's float32 is up to some 0.01 away. It judges the image alone. The published model is not in this package: values with the package's own model, fitted on a few
 * free photographs, compare with each other, not with published ones.
 */
export function niqe(options: NiqeOptions = {}): PairedMetric {
	const { parameters = niqeParameters(), blockSize = 96, crop = 0, range } = options;
	if (!Number.isInteger(blockSize) || blockSize < 8 || blockSize % 2 !== 0) {
		throw new RangeError(`niqe: block size must be an even number of 8 or more, got ${blockSize}`);
	}
	return {
		kind: "paired",
		id: "niqe",
		better: "lower",
		unit: "",
		judges: "image",
		protocol: { parameters: parameters.name, blockSize, crop, range: range ?? 255 },
		value(_, image) {
			const luma = lumaOf(image, crop, range);
			if (!holdsNiqeBlocks(luma, blockSize)) {
				throw new RangeError(
					`niqe: pictures must hold two blocks of ${blockSize}×${blockSize}, got ${luma.height}×${luma.width}`,
				);
			}
			const { features } = sceneStatistics(
				luma,
				blockSize,
				parameters.window === undefined ? {} : { window: parameters.window },
			);
			return distance(parameters, gaussianOf(features));
		},
	};
}

/** Whether a picture holds the two blocks that the metric needs. */
export function holdsNiqeBlocks({ height, width }: Pick<Picture, "height" | "width">, blockSize = 96): boolean {
	return Math.floor(height / blockSize) * Math.floor(width / blockSize) >= 2;
}

/** The luma that features are taken of, rounded, on 0 … 255. */
function lumaOf(image: Picture, crop: number, range: number | undefined): Plane {
	const peak = requireComparable("niqe", image, image, range);
	const bytes =
		peak === 255 ? image : { ...image, data: Float64Array.from(image.data, (value) => (value * 255) / peak) };
	const [plane] = planes(bytes, { space: "y-rounded", crop });
	if (plane === undefined) throw new Error("internal: a picture has a plane");
	return { ...plane, data: plane.data.map(Math.round) };
}

interface Gaussian {
	readonly mean: Float64Array;
	readonly covariance: Float64Array;
}

/** Mean of each feature over the blocks that have it, and covariance over the blocks that have all. */
function gaussianOf(features: Float64Array): Gaussian {
	const all = Array.from({ length: features.length / sceneFeatures }, (_, block) =>
		features.subarray(block * sceneFeatures, (block + 1) * sceneFeatures),
	);
	const mean = Float64Array.from({ length: sceneFeatures }, (_, at) => {
		const known = all.map((row) => row[at] as number).filter((value) => !Number.isNaN(value));
		return known.reduce((sum, value) => sum + value, 0) / known.length;
	});
	const whole = all.filter((row) => row.every((value) => !Number.isNaN(value)));
	if (whole.length < 2) {
		throw new RangeError(`niqe: two blocks or more must have texture, got ${whole.length} of ${all.length}`);
	}
	return { mean, covariance: covarianceOf(whole) };
}

function covarianceOf(rows: readonly Float64Array[]): Float64Array {
	const mean = Float64Array.from(
		{ length: sceneFeatures },
		(_, at) => rows.reduce((sum, row) => sum + (row[at] as number), 0) / rows.length,
	);
	return Float64Array.from({ length: sceneFeatures ** 2 }, (_, place) => {
		const [i, j] = [Math.floor(place / sceneFeatures), place % sceneFeatures];
		const apart = (row: Float64Array, at: number): number => (row[at] as number) - (mean[at] as number);
		return rows.reduce((sum, row) => sum + apart(row, i) * apart(row, j), 0) / (rows.length - 1);
	});
}

/** By the pseudo-inverse of the mean covariance: directions without variance say nothing. */
function distance(a: Gaussian, b: Gaussian): number {
	const data = a.covariance.map((value, at) => (value + (b.covariance[at] as number)) / 2);
	const pooled: Matrix = { data, rows: sceneFeatures, columns: sceneFeatures };
	const { values, vectors } = symmetricEigen(pooled);
	const least = 1e-15 * values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
	let total = 0;
	for (const [at, value] of values.entries()) {
		if (Math.abs(value) <= least) continue;
		let along = 0;
		for (let row = 0; row < sceneFeatures; row += 1) {
			along += (vectors.data[row * sceneFeatures + at] as number) * ((a.mean[row] as number) - (b.mean[row] as number));
		}
		total += along ** 2 / value;
	}
	return Math.sqrt(total);
}

export interface FitOptions {
	/** @default 96 */
	readonly blockSize?: number;
	/** Pixels from block to block; below the block size they overlap. @default 96 */
	readonly step?: number;
	/** Blocks count whose sharpness is above this share of the picture's sharpest: the paper's T. @default 0.75 */
	readonly sharpest?: number;
}

/** Fits a model of pristine pictures on the features of their sharp blocks. */
export function fitNiqe(
	name: string,
	pictures: Iterable<Picture>,
	{ blockSize = 96, step = 96, sharpest = 0.75 }: FitOptions = {},
): NiqeParameters {
	const rows: Float64Array[] = [];
	for (const picture of pictures) {
		const { features, sharpness } = sceneStatistics(lumaOf(picture, 0, undefined), blockSize, { step });
		const least = sharpest * sharpness.reduce((most, value) => Math.max(most, value), 0);
		for (const [block, sharp] of sharpness.entries()) {
			const row = features.subarray(block * sceneFeatures, (block + 1) * sceneFeatures);
			if (sharp > least && row.every((value) => !Number.isNaN(value))) rows.push(row);
		}
	}
	if (rows.length <= sceneFeatures) {
		throw new RangeError(`niqe: a model needs more than ${sceneFeatures} sharp blocks, got ${rows.length}`);
	}
	const mean = Float64Array.from(
		{ length: sceneFeatures },
		(_, at) => rows.reduce((sum, row) => sum + (row[at] as number), 0) / rows.length,
	);
	return { name, mean, covariance: covarianceOf(rows) };
}

/** The model that comes with the package (fixtures/niqe). */
export function niqeParameters(): NiqeParameters {
	const file = new URL("../../fixtures/niqe/parameters.json", import.meta.url);
	const { name, mean, covariance } = JSON.parse(readFileSync(file, "utf8")) as {
		name: string;
		mean: number[];
		covariance: number[];
	};
	return { name, mean: Float64Array.from(mean), covariance: Float64Array.from(covariance) };
}
