import * as tf from "@tensorflow/tfjs";
import type { Extractor } from "./extractor.ts";

/** A weight as PyTorch keeps it: convolutions [out, in, height, width], the rest vectors; `fc` [classes, 2048]. */
export interface TorchWeight {
	readonly shape: readonly number[];
	readonly data: ArrayLike<number>;
}

export const inceptionLayers = ["64", "192", "768", "2048"] as const;
export type InceptionLayer = (typeof inceptionLayers)[number];

export interface InceptionOptions {
	/** Weights by the names of torch-fidelity's and pytorch-fid's file. */
	readonly weights: (name: string) => TorchWeight | undefined;
	/** SHA-256 of the file they come from. */
	readonly sha256: string;
	/** Layer whose mean over space is the feature row. @default "2048" */
	readonly layer?: InceptionLayer;
	/**
	 * How values of 0 … 255 go in: (x - 128) / 128 as the TensorFlow graph, torch-fidelity and clean-fid, or x / 127.5 - 1 as
	 * pytorch-fid. @default "tensorflow"
	 */
	readonly normalise?: "tensorflow" | "pytorch-fid";
}

/**
 * Inception v3 as the Fréchet Inception Distance uses it: the graph of 2015-12-05 with 1008 outputs, whose average pools
 * leave padding out and whose last block pools by maximum. Weights are the user's file. Logits are without the bias, as the
 * Inception Score of torch-fidelity takes them.
 */
export function inception({ weights, sha256, layer = "2048", normalise = "tensorflow" }: InceptionOptions): Extractor {
	if (!inceptionLayers.includes(layer)) {
		throw new RangeError(`inception: layer must be one of ${inceptionLayers.join(", ")}, got ${layer}`);
	}
	const network = new Inception(weights);
	const [shift, scale] = normalise === "tensorflow" ? [128, 128] : [127.5, 127.5];
	return {
		id: "inception-v3-fid",
		label: layer === "2048" ? "" : layer,
		size: [299, 299],
		dimensions: Number(layer),
		classes: network.classes,
		protocol: { extractor: "inception-v3-2015-12-05", layer, weights: `sha256:${sha256}`, normalise },
		async extract(pixels, count) {
			const outputs = tf.tidy(() => {
				const images = tf.tensor4d(pixels, [count, 299, 299, 3]).sub(shift).div<tf.Tensor4D>(scale);
				const layers = network.run(images);
				return { features: layers[layer], logits: layers.logitsUnbiased };
			});
			const [features, logits] = await Promise.all([
				outputs.features.data<"float32">(),
				outputs.logits.data<"float32">(),
			]);
			tf.dispose([outputs.features, outputs.logits]);
			return { features, logits };
		},
		[Symbol.dispose]() {
			network[Symbol.dispose]();
		},
	};
}

/** Rows [count, width] of every layer. */
export type InceptionRows = Record<InceptionLayer | "logits" | "logitsUnbiased", tf.Tensor2D>;

type Pool = (x: tf.Tensor4D) => tf.Tensor4D;

const averagePool: Pool = (x) => tf.avgPool(x, 3, 1, "same");
/** Counts the zeros of the padding as values, as torchvision does. */
const paddedAveragePool: Pool = (x) =>
	tf.avgPool(
		tf.pad(x, [
			[0, 0],
			[1, 1],
			[1, 1],
			[0, 0],
		]),
		3,
		1,
		"valid",
	);
const sameMaxPool: Pool = (x) => tf.maxPool(x, 3, 1, "same");
const halve: Pool = (x) => tf.maxPool(x, 3, 2, "valid");

interface Convolution {
	readonly filter: tf.Tensor4D;
	readonly bias: tf.Tensor1D;
}

/** `fid`: the graph of 2015-12-05. `torchvision`: average pools count padding, and the last block has one too. */
type Variant = "fid" | "torchvision";

/** The network with batch norms multiplied into the convolutions; owns its tensors. */
export class Inception implements Disposable {
	readonly classes: number;
	readonly #weights: InceptionOptions["weights"];
	readonly #convolutions = new Map<string, Convolution>();
	readonly #classifier: tf.Tensor2D;
	readonly #bias: tf.Tensor1D;
	readonly #average: Pool;
	readonly #lastPool: Pool;

	/** Throws where a weight is missing or of another size. */
	constructor(weights: InceptionOptions["weights"], variant: Variant = "fid") {
		this.#weights = weights;
		this.#average = variant === "fid" ? averagePool : paddedAveragePool;
		this.#lastPool = variant === "fid" ? sameMaxPool : paddedAveragePool;
		const { shape, data } = this.#weight("fc.weight");
		this.classes = shape[0] as number;
		this.#classifier = tf.tensor2d(Float32Array.from(data), [this.classes, 2048]);
		this.#bias = tf.tensor1d(Float32Array.from(this.#weight("fc.bias").data));
		for (const name of convolutionNames) this.#convolutions.set(name, this.#folded(name));
	}

	/** `images` [count, height, width, 3], 299 a side for the FID, in about -1 … 1. Called inside a tidy. */
	run(images: tf.Tensor4D): InceptionRows {
		let x = this.#conv(images, "Conv2d_1a_3x3", 2, "valid"); // [count, 149, 149, 32]
		x = this.#conv(x, "Conv2d_2a_3x3", 1, "valid");
		x = halve(this.#conv(x, "Conv2d_2b_3x3")); // [count, 73, 73, 64]
		const low = spaceMean(x);
		x = this.#conv(x, "Conv2d_3b_1x1");
		x = halve(this.#conv(x, "Conv2d_4a_3x3", 1, "valid")); // [count, 35, 35, 192]
		const second = spaceMean(x);
		for (const block of ["Mixed_5b", "Mixed_5c", "Mixed_5d"]) x = this.#blockA(x, block);
		x = this.#blockB(x, "Mixed_6a"); // [count, 17, 17, 768]
		for (const block of ["Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"]) x = this.#blockC(x, block);
		const third = spaceMean(x);
		x = this.#blockD(x, "Mixed_7a"); // [count, 8, 8, 1280]
		x = this.#blockE(x, "Mixed_7b", this.#average);
		x = this.#blockE(x, "Mixed_7c", this.#lastPool); // [count, 8, 8, 2048]
		const features = spaceMean(x);
		const logitsUnbiased = tf.matMul(features, this.#classifier, false, true) as tf.Tensor2D;
		const logits = logitsUnbiased.add<tf.Tensor2D>(this.#bias);
		return { "64": low, "192": second, "768": third, "2048": features, logits, logitsUnbiased };
	}

	#blockA(x: tf.Tensor4D, block: string): tf.Tensor4D {
		const at = (branch: string) => `${block}.branch${branch}`;
		return concatenated([
			this.#conv(x, at("1x1")),
			this.#chain(x, [at("5x5_1"), at("5x5_2")]),
			this.#chain(x, [at("3x3dbl_1"), at("3x3dbl_2"), at("3x3dbl_3")]),
			this.#conv(this.#average(x), at("_pool")),
		]);
	}

	#blockB(x: tf.Tensor4D, block: string): tf.Tensor4D {
		const double = this.#chain(x, [`${block}.branch3x3dbl_1`, `${block}.branch3x3dbl_2`]);
		return concatenated([
			this.#conv(x, `${block}.branch3x3`, 2, "valid"),
			this.#conv(double, `${block}.branch3x3dbl_3`, 2, "valid"),
			halve(x),
		]);
	}

	#blockC(x: tf.Tensor4D, block: string): tf.Tensor4D {
		const steps = (branch: string, count: number) =>
			Array.from({ length: count }, (_, step) => `${block}.branch${branch}_${step + 1}`);
		return concatenated([
			this.#conv(x, `${block}.branch1x1`),
			this.#chain(x, steps("7x7", 3)),
			this.#chain(x, steps("7x7dbl", 5)),
			this.#conv(this.#average(x), `${block}.branch_pool`),
		]);
	}

	#blockD(x: tf.Tensor4D, block: string): tf.Tensor4D {
		const seven = this.#chain(x, [`${block}.branch7x7x3_1`, `${block}.branch7x7x3_2`, `${block}.branch7x7x3_3`]);
		return concatenated([
			this.#conv(this.#conv(x, `${block}.branch3x3_1`), `${block}.branch3x3_2`, 2, "valid"),
			this.#conv(seven, `${block}.branch7x7x3_4`, 2, "valid"),
			halve(x),
		]);
	}

	#blockE(x: tf.Tensor4D, block: string, pool: Pool): tf.Tensor4D {
		const at = (branch: string) => `${block}.branch${branch}`;
		const three = this.#conv(x, at("3x3_1"));
		const double = this.#chain(x, [at("3x3dbl_1"), at("3x3dbl_2")]);
		return concatenated([
			this.#conv(x, at("1x1")),
			this.#conv(three, at("3x3_2a")),
			this.#conv(three, at("3x3_2b")),
			this.#conv(double, at("3x3dbl_3a")),
			this.#conv(double, at("3x3dbl_3b")),
			this.#conv(pool(x), at("_pool")),
		]);
	}

	#chain(x: tf.Tensor4D, names: readonly string[]): tf.Tensor4D {
		return names.reduce((value, name) => this.#conv(value, name), x);
	}

	#conv(x: tf.Tensor4D, name: string, strides = 1, pad: "same" | "valid" = "same"): tf.Tensor4D {
		const { filter, bias } = this.#convolutions.get(name) as Convolution;
		return tf.fused.conv2d({ x, filter, bias, strides, pad, activation: "relu" });
	}

	#folded(name: string): Convolution {
		const { shape, data } = this.#weight(`${name}.conv.weight`);
		const [out, input, height, width] = shape as [number, number, number, number];
		const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map(
			(part) => this.#weight(`${name}.bn.${part}`).data,
		) as [ArrayLike<number>, ArrayLike<number>, ArrayLike<number>, ArrayLike<number>];
		const filter = new Float32Array(data.length); // [height, width, in, out]
		const bias = new Float32Array(out);
		const area = height * width;
		for (let channel = 0, at = 0; channel < out; channel += 1) {
			const scale = (gamma[channel] as number) / Math.sqrt((variance[channel] as number) + epsilon);
			bias[channel] = (beta[channel] as number) - (mean[channel] as number) * scale;
			for (let from = 0; from < input; from += 1) {
				for (let place = 0; place < area; place += 1, at += 1) {
					filter[(place * input + from) * out + channel] = (data[at] as number) * scale;
				}
			}
		}
		return { filter: tf.tensor4d(filter, [height, width, input, out]), bias: tf.tensor1d(bias) };
	}

	#weight(name: string): TorchWeight {
		const weight = this.#weights(name);
		if (weight === undefined) throw new RangeError(`inception: the weights must hold ${name}, got a file without it`);
		const size = weight.shape.reduce((product, length) => product * length, 1);
		if (size !== weight.data.length) {
			throw new RangeError(`inception: ${name} must hold ${size} numbers, got ${weight.data.length}`);
		}
		return weight;
	}

	[Symbol.dispose](): void {
		for (const { filter, bias } of this.#convolutions.values()) tf.dispose([filter, bias]);
		tf.dispose([this.#classifier, this.#bias]);
		this.#convolutions.clear();
	}
}

function spaceMean(x: tf.Tensor4D): tf.Tensor2D {
	return x.mean<tf.Tensor2D>([1, 2]);
}

function concatenated(branches: tf.Tensor4D[]): tf.Tensor4D {
	return tf.concat(branches, 3);
}

const branches: Readonly<Record<string, readonly string[]>> = {
	A: ["1x1", "5x5_1", "5x5_2", "3x3dbl_1", "3x3dbl_2", "3x3dbl_3", "_pool"],
	B: ["3x3", "3x3dbl_1", "3x3dbl_2", "3x3dbl_3"],
	C: ["1x1", "7x7_1", "7x7_2", "7x7_3", "7x7dbl_1", "7x7dbl_2", "7x7dbl_3", "7x7dbl_4", "7x7dbl_5", "_pool"],
	D: ["3x3_1", "3x3_2", "7x7x3_1", "7x7x3_2", "7x7x3_3", "7x7x3_4"],
	E: ["1x1", "3x3_1", "3x3_2a", "3x3_2b", "3x3dbl_1", "3x3dbl_2", "3x3dbl_3a", "3x3dbl_3b", "_pool"],
};

const blocks = [
	...["5b", "5c", "5d"].map((name) => [name, "A"] as const),
	["6a", "B"],
	...["6b", "6c", "6d", "6e"].map((name) => [name, "C"] as const),
	["7a", "D"],
	["7b", "E"],
	["7c", "E"],
] as const;

/** Every convolution of the network, by its prefix in the weights. */
const convolutionNames: readonly string[] = [
	"Conv2d_1a_3x3",
	"Conv2d_2a_3x3",
	"Conv2d_2b_3x3",
	"Conv2d_3b_1x1",
	"Conv2d_4a_3x3",
	...blocks.flatMap(([name, kind]) => (branches[kind] ?? []).map((branch) => `Mixed_${name}.branch${branch}`)),
];

const epsilon = 1e-3;
