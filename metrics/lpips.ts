/**
 * Learned perceptual distance (Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric",
 * 2018), from the features of a classification network (alex, vgg: 5 layers, squeeze: 7; features/trunks.ts) and the
 * published linear heads (lpips-heads.ts). The trunk's weights are the caller's.
 */
import type { PairedMetric, Picture } from "./metric.ts";
import { requireComparable } from "./planes.ts";

/** One layer's features, [height, width, channels] row-major. */
export interface FeatureMap {
	readonly data: ArrayLike<number>;
	readonly height: number;
	readonly width: number;
	readonly channels: number;
}

/** v0.0 forgot the shift and scale of the input, and its heads were fitted without them. */
export type LpipsVersion = "v0.0" | "v0.1";

/** Added to the norm of each position's channel vector. */
const epsilon = 1e-10;
const shift = [-0.03, -0.088, -0.188] as const;
const scale = [0.458, 0.448, 0.45] as const;

export function lpips({
	net,
	version = "v0.1",
	features,
	heads,
	weights = "caller's",
	range,
}: {
	readonly net: "alex" | "vgg" | "squeeze";
	/** @default "v0.1" */
	readonly version?: LpipsVersion;
	/** The layers' features of a picture that `lpipsInput` has prepared. */
	readonly features: (input: FeatureMap) => readonly FeatureMap[] | Promise<readonly FeatureMap[]>;
	/** One weight a channel, for each layer. */
	readonly heads: readonly ArrayLike<number>[];
	/** What stands for the trunk's weights in the protocol: `sha256:…` of their file. */
	readonly weights?: string;
	/** Largest possible value; needed for pictures of floats. @default 255 for bytes */
	readonly range?: number;
}): PairedMetric {
	const layers = net === "squeeze" ? 7 : 5;
	if (heads.length !== layers) throw new RangeError(`lpips: ${net} must have ${layers} heads, got ${heads.length}`);
	return {
		kind: "paired",
		id: "lpips",
		better: "lower",
		unit: "",
		protocol: { net, version, weights, range: range ?? 255 },
		async value(reference, image) {
			const peak = requireComparable("lpips", reference, image, range);
			const [first, second] = await Promise.all([
				features(lpipsInput(reference, version, peak)),
				features(lpipsInput(image, version, peak)),
			]);
			if (first.length !== layers || second.length !== layers) {
				throw new RangeError(`lpips: ${net} must give ${layers} layers, got ${first.length}`);
			}
			return heads.reduce(
				(sum, head, layer) => sum + lpipsLayer(first[layer] as FeatureMap, second[layer] as FeatureMap, head),
				0,
			);
		},
	};
}

/** RGB of a picture on -1 … 1, grey as three equal channels, shifted and scaled in v0.1; float32. */
export function lpipsInput(picture: Picture, version: LpipsVersion, range: number): FeatureMap {
	const { data: given, height, width, channels } = picture;
	if (channels !== 1 && channels !== 3) {
		throw new RangeError(`lpips: pictures must have 1 or 3 channels, got ${channels}`);
	}
	const data = Float32Array.from({ length: height * width * 3 }, (_, at) => {
		const value = given[channels === 1 ? Math.floor(at / 3) : at] as number;
		return (2 * value) / range - 1;
	});
	if (version === "v0.1") lpipsScale(data);
	return { data, height, width, channels: 3 };
}

/** Shifts and scales RGB values in place, channels last. */
export function lpipsScale(data: Float32Array): void {
	for (let at = 0; at < data.length; at += 1) {
		data[at] = ((data[at] as number) - (shift[at % 3] as number)) / (scale[at % 3] as number);
	}
}

/** Mean over positions of `Σ_c head_c (x_c / (‖x‖ + ε) - y_c / (‖y‖ + ε))²`, ε = 1e-10. */
export function lpipsLayer(x: FeatureMap, y: FeatureMap, head: ArrayLike<number>): number {
	requireLayer(x, y, head);
	let sum = 0;
	for (let from = 0; from < x.data.length; from += x.channels) {
		const [normX, normY] = [norm(x, from) + epsilon, norm(y, from) + epsilon];
		for (let channel = 0; channel < x.channels; channel += 1) {
			const difference = (x.data[from + channel] as number) / normX - (y.data[from + channel] as number) / normY;
			sum += (head[channel] as number) * difference * difference;
		}
	}
	return sum / (x.height * x.width);
}

/** Gradient of `lpipsLayer` with respect to x, [height, width, channels]; 0 where x is 0 throughout a position. */
export function lpipsLayerGradient(x: FeatureMap, y: FeatureMap, head: ArrayLike<number>): Float64Array {
	requireLayer(x, y, head);
	const gradient = new Float64Array(x.data.length);
	for (let from = 0; from < x.data.length; from += x.channels) {
		const length = norm(x, from);
		const [normX, normY] = [length + epsilon, norm(y, from) + epsilon];
		if (length === 0) continue;
		let along = 0;
		for (let channel = 0; channel < x.channels; channel += 1) {
			const unit = (x.data[from + channel] as number) / normX;
			const slope = 2 * (head[channel] as number) * (unit - (y.data[from + channel] as number) / normY);
			gradient[from + channel] = slope;
			along += slope * (x.data[from + channel] as number);
		}
		for (let channel = 0; channel < x.channels; channel += 1) {
			const turned = (gradient[from + channel] as number) / normX;
			const shrunk = (along * (x.data[from + channel] as number)) / (length * normX * normX);
			gradient[from + channel] = (turned - shrunk) / (x.height * x.width);
		}
	}
	return gradient;
}

function norm({ data, channels }: FeatureMap, from: number): number {
	let squares = 0;
	for (let at = from; at < from + channels; at += 1) squares += (data[at] as number) ** 2;
	return Math.sqrt(squares);
}

function requireLayer(x: FeatureMap, y: FeatureMap, head: ArrayLike<number>): void {
	if (x.height !== y.height || x.width !== y.width || x.channels !== y.channels || head.length !== x.channels) {
		throw new RangeError(
			`lpips: features and head must fit, got [${x.height},${x.width},${x.channels}], [${y.height},${y.width},${y.channels}] and ${head.length}`,
		);
	}
}
