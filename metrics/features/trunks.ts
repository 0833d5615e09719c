/**
 * Convolutional parts of torchvision's classification networks, built from their state dicts: what perceptual distances and
 * losses compare pictures by. The published weights are the user's file.
 */
import * as tf from "@tensorflow/tfjs";
import { conv2d } from "../../engine/ops/conv2d.ts";
import { valuesOf } from "../../engine/values.ts";
import type { FeatureMap } from "../lpips.ts";
import type { TorchWeight } from "./inception.ts";

export type TrunkName = "alex" | "vgg" | "vgg19" | "squeeze";

/** One entry of torchvision's `features`, at its number there. */
type Layer =
	| { readonly kind: "convolution"; readonly index: number; readonly stride: number; readonly padding: number }
	| { readonly kind: "relu"; readonly index: number }
	| { readonly kind: "pool"; readonly index: number; readonly size: number; readonly ceiling: boolean }
	| { readonly kind: "fire"; readonly index: number };

interface Architecture {
	readonly layers: readonly Layer[];
	/** The entry of `features` that ends each slice of LPIPS. */
	readonly slices: readonly number[];
}

const convolution = (index: number, stride = 1, padding = 1): Layer[] => [
	{ kind: "convolution", index, stride, padding },
	{ kind: "relu", index: index + 1 },
];
const pool = (index: number, size: number, ceiling = false): Layer => ({ kind: "pool", index, size, ceiling });
const fire = (index: number): Layer => ({ kind: "fire", index });

/** VGG without batch norm: blocks of 3 × 3 convolutions, each ended by a 2 × 2 pool. */
function vgg(blocks: readonly number[]): Layer[] {
	const layers: Layer[] = [];
	let index = 0;
	for (const convolutions of blocks) {
		for (let number = 0; number < convolutions; number += 1, index += 2) layers.push(...convolution(index));
		layers.push(pool(index, 2));
		index += 1;
	}
	return layers;
}

const architectures: Readonly<Record<TrunkName, Architecture>> = {
	/** Krizhevsky, "One weird trick", 2014. */
	alex: {
		layers: [
			...convolution(0, 4, 2),
			pool(2, 3),
			...convolution(3, 1, 2),
			pool(5, 3),
			...convolution(6),
			...convolution(8),
			...convolution(10),
		],
		slices: [1, 4, 7, 9, 11],
	},
	/** Simonyan and Zisserman, 2014, configuration D. */
	vgg: { layers: vgg([2, 2, 3, 3, 3]), slices: [3, 8, 15, 22, 29] },
	/** The same, configuration E. */
	vgg19: { layers: vgg([2, 2, 4, 4, 4]), slices: [3, 8, 17, 26, 35] },
	/** SqueezeNet 1.1 (Iandola et al., 2016). */
	squeeze: {
		layers: [
			...convolution(0, 2, 0),
			pool(2, 3, true),
			...[3, 4].map(fire),
			pool(5, 3, true),
			...[6, 7].map(fire),
			pool(8, 3, true),
			...[9, 10, 11, 12].map(fire),
		],
		slices: [1, 4, 7, 9, 10, 11, 12],
	},
};

interface Weights {
	readonly filter: tf.Tensor4D;
	readonly bias: tf.Tensor1D;
}

/**
 * A trunk with its weights on the engine; owns them. `weights` gives a tensor by torchvision's name (`features.0.weight`);
 * the names of lpips's own state dict (`net.slice1.0.weight`) are known too.
 */
export class Trunk implements Disposable {
	readonly name: TrunkName;
	readonly #architecture: Architecture;
	readonly #weights = new Map<string, Weights>();

	/** Throws where a weight is missing or does not fit. */
	constructor(name: TrunkName, weights: (name: string) => TorchWeight | undefined) {
		this.name = name;
		this.#architecture = architectures[name];
		try {
			for (const layer of this.#architecture.layers) {
				if (layer.kind === "convolution") this.#load(`${layer.index}`, weights);
				if (layer.kind !== "fire") continue;
				for (const part of ["squeeze", "expand1x1", "expand3x3"]) this.#load(`${layer.index}.${part}`, weights);
			}
		} catch (error) {
			this[Symbol.dispose]();
			throw error;
		}
	}

	/**
	 * Outputs of `features[index]` for the given indices, in their order; `images` [count, height, width, 3] as the network was
	 * trained on. Differentiable; called inside a tidy.
	 */
	outputs(images: tf.Tensor4D, indices: readonly number[]): tf.Tensor4D[] {
		const last = Math.max(...indices);
		const kept = new Map<number, tf.Tensor4D>();
		let x = images;
		for (const layer of this.#architecture.layers) {
			if (layer.index > last) break;
			x = this.#run(x, layer);
			if (indices.includes(layer.index)) kept.set(layer.index, x);
		}
		return indices.map((index) => {
			const output = kept.get(index);
			if (output === undefined) throw new RangeError(`${this.name}: features must have an entry ${index}, got none`);
			return output;
		});
	}

	/** Outputs of the slices that LPIPS compares. */
	slices(images: tf.Tensor4D): tf.Tensor4D[] {
		return this.outputs(images, this.#architecture.slices);
	}

	/** Slices of one picture as LPIPS takes them, downloaded. */
	maps({ data, height, width }: FeatureMap): FeatureMap[] {
		const slices = tf.tidy(() => this.slices(tf.tensor4d(Float32Array.from(data), [1, height, width, 3])));
		return slices.map((slice) => {
			const [, rows, columns, channels] = slice.shape;
			return { data: valuesOf(() => slice), height: rows, width: columns, channels };
		});
	}

	#run(x: tf.Tensor4D, layer: Layer): tf.Tensor4D {
		switch (layer.kind) {
			case "convolution":
				return this.#convolve(x, `${layer.index}`, layer.stride, layer.padding);
			case "relu":
				return tf.relu(x);
			case "pool":
				return halved(x, layer.size, layer.ceiling);
			case "fire": {
				const squeezed = tf.relu(this.#convolve(x, `${layer.index}.squeeze`, 1, 0));
				return tf.relu(
					tf.concat(
						[
							this.#convolve(squeezed, `${layer.index}.expand1x1`, 1, 0),
							this.#convolve(squeezed, `${layer.index}.expand3x3`, 1, 1),
						],
						3,
					),
				);
			}
		}
	}

	#convolve(x: tf.Tensor4D, key: string, stride: number, padding: number): tf.Tensor4D {
		const { filter, bias } = this.#weights.get(key) as Weights;
		const [height, width] = filter.shape;
		if (x.shape[1] + 2 * padding < height || x.shape[2] + 2 * padding < width) {
			throw new RangeError(`${this.name}: pictures must be larger, got ${x.shape[1]}×${x.shape[2]} before ${key}`);
		}
		return conv2d(x, filter, { stride, pad: padding, bias });
	}

	#load(key: string, weights: (name: string) => TorchWeight | undefined): void {
		const filter = this.#find(`${key}.weight`, weights);
		const bias = this.#find(`${key}.bias`, weights);
		const [out = 0, input = 0, height = 0, width = 0] = filter.shape;
		if (filter.data.length !== out * input * height * width || bias.data.length !== out) {
			throw new RangeError(`${this.name}: features.${key} must fill its shape, got ${filter.data.length} values`);
		}
		const torch = Float32Array.from(filter.data);
		this.#weights.set(key, {
			filter: tf.tidy(() => tf.tensor4d(torch, [out, input, height, width]).transpose<tf.Tensor4D>([2, 3, 1, 0])),
			bias: tf.tensor1d(Float32Array.from(bias.data)),
		});
	}

	#find(name: string, weights: (name: string) => TorchWeight | undefined): TorchWeight {
		const index = Number(name.split(".")[0]);
		const slice = this.#architecture.slices.findIndex((last) => index <= last) + 1;
		const names = [`features.${name}`, `net.slice${slice}.${name}`, `slice${slice}.${name}`];
		const found = names.map(weights).find((weight) => weight !== undefined);
		if (found === undefined) {
			throw new RangeError(`${this.name}: the weights must hold features.${name}, got a file without it`);
		}
		return found;
	}

	[Symbol.dispose](): void {
		for (const weights of this.#weights.values()) tf.dispose([weights.filter, weights.bias]);
		this.#weights.clear();
	}
}

/**
 * Largest value of `size` × `size` windows at every second place. With `ceiling` a window may reach over the lower and right
 * edge; its input comes from a rectifier, so zeros there change nothing.
 */
function halved(x: tf.Tensor4D, size: number, ceiling: boolean): tf.Tensor4D {
	const over = (length: number): number => (ceiling && (length - size) % 2 !== 0 ? 1 : 0);
	const [, height, width] = x.shape;
	if (height < size || width < size) {
		throw new RangeError(`trunk: pictures must be larger, got ${height}×${width} before a pool of ${size}×${size}`);
	}
	const padded: tf.Tensor4D =
		over(height) + over(width) > 0
			? tf.pad(x, [
					[0, 0],
					[0, over(height)],
					[0, over(width)],
					[0, 0],
				])
			: x;
	return tf.maxPool(padded, size, 2, "valid");
}
