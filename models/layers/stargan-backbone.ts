/**
 * Networks of StarGAN (Choi et al., CVPR 2018; yunjey/stargan model.py), which CCA-GAN and StarGAN+SAGAN share and extend
 * by modules in front of convolutions or behind layers. Parameters carry the names of the authors' state dict.
 */
import * as tf from "@tensorflow/tfjs";
import type { Parameters } from "../../engine/parameters.ts";
import { leakyRelu, relu, tanh } from "./activation.ts";
import { convolution, transposedConvolution } from "./convolution.ts";
import { instanceNorm } from "./instance-norm.ts";
import type { Block, Layer, Pass } from "./layer.ts";

/** A place where a system may put a module of its own. */
export interface Site {
	/** `before`: what the convolution reads, with the skip of a residual block taken earlier; `after`: a layer's result. */
	readonly place: "before" | "after";
	/** Layers in order of use, from 1: down 1-3, residual blocks, up, last. */
	readonly layer: number;
	/** 0, or 1 for the second convolution of a residual block. */
	readonly part: 0 | 1;
	/** Channels at this place. */
	readonly channels: number;
}

/** Makes the module of one site, or leaves it empty. */
export type Insert = (site: Site) => Layer | undefined;

export interface GeneratorOptions {
	/** Width after the first layer. @default 64 */
	readonly convDim?: number;
	/** Length of the label vector. @default 5 */
	readonly cDim?: number;
	/** Residual blocks. @default 6 */
	readonly repeatNum?: number;
	/** Channels of the result: 3, or 4 with a mask. @default 3 */
	readonly outputs?: number;
	/** Activation of the result. @default "tanh" */
	readonly last?: "tanh" | "none";
	/** Running statistics in the instance norms, which training never uses. @default false */
	readonly track?: boolean;
	readonly insert?: Insert;
}

/** Pictures [N, H, W, 3] in [-1, 1] and labels [N, cDim] → [N, H, W, outputs]; H and W must be multiples of 4. */
export type Generator = (images: tf.Tensor4D, labels: tf.Tensor2D, pass: Pass) => tf.Tensor4D;

/** Builds the generator's parameters and its function. */
export function starganGenerator(
	parameters: Parameters,
	{
		convDim = 64,
		cDim = 5,
		repeatNum = 6,
		outputs = 3,
		last = "tanh",
		track = false,
		insert = () => undefined,
	}: GeneratorOptions = {},
): Generator {
	const main = parameters.at("main");
	const layers: Layer[] = [];
	let position = 0;
	let layer = 0;

	const push = (block: Block) => {
		layers.push(block(main.at(position)));
		position += 1;
	};
	const place = (list: Layer[], where: Site["place"], part: 0 | 1, channels: number) => {
		const module = insert({ place: where, layer, part, channels });
		if (module !== undefined) list.push(module);
	};
	const norm = (channels: number) => instanceNorm(channels, { affine: true, track });
	const stage = (input: number, output: number, block: Block) => {
		layer += 1;
		place(layers, "before", 0, input);
		push(block);
		push(norm(output));
		push(relu());
		place(layers, "after", 0, output);
	};

	const stride2 = { kernel: 4, stride: 2, padding: 1, bias: false };
	const wide = { kernel: 7, padding: 3, bias: false };
	stage(3 + cDim, convDim, convolution(3 + cDim, convDim, wide));
	stage(convDim, convDim * 2, convolution(convDim, convDim * 2, stride2));
	stage(convDim * 2, convDim * 4, convolution(convDim * 2, convDim * 4, stride2));
	const channels = convDim * 4;
	for (let block = 0; block < repeatNum; block += 1) {
		layer += 1;
		const inner = main.at(position).at("main");
		const branch: Layer[] = [];
		for (const part of [0, 1] as const) {
			place(branch, "before", part, channels);
			branch.push(convolution(channels, channels, { kernel: 3, padding: 1, bias: false })(inner.at(part * 3)));
			branch.push(norm(channels)(inner.at(part * 3 + 1)));
			if (part === 0) branch.push(relu()(inner.at(2)));
		}
		layers.push((x, pass) => tf.add(x, run(branch, x, pass)));
		position += 1;
		place(layers, "after", 0, channels);
	}
	stage(channels, convDim * 2, transposedConvolution(channels, convDim * 2, stride2));
	stage(convDim * 2, convDim, transposedConvolution(convDim * 2, convDim, stride2));
	layer += 1;
	place(layers, "before", 0, convDim);
	push(convolution(convDim, outputs, wide));
	if (last === "tanh") push(tanh());

	return (images, labels, pass) => tf.tidy(() => run(layers, withLabels(images, labels), pass));
}

export interface DiscriminatorOptions {
	/** Side of the pictures, a multiple of 2^repeatNum. @default 128 */
	readonly imageSize?: number;
	/** Width after the first layer, doubled by each further one. @default 64 */
	readonly convDim?: number;
	/** Length of the label vector. @default 5 */
	readonly cDim?: number;
	/** Layers. @default 6 */
	readonly repeatNum?: number;
	/** Sites: layer 1 is the first convolution. */
	readonly insert?: Insert;
}

export interface Judgement {
	/** A score per patch [N, H', W', 1]. */
	readonly source: tf.Tensor4D;
	/** Attribute logits [N, cDim]. */
	readonly labels: tf.Tensor2D;
}

export type Discriminator = (images: tf.Tensor4D, pass: Pass) => Judgement;

/** Builds the discriminator's parameters and its function. */
export function starganDiscriminator(
	parameters: Parameters,
	{ imageSize = 128, convDim = 64, cDim = 5, repeatNum = 6, insert = () => undefined }: DiscriminatorOptions = {},
): Discriminator {
	const side = imageSize / 2 ** repeatNum;
	if (!Number.isInteger(side)) {
		const unit = 2 ** repeatNum;
		throw new RangeError(
			`discriminator: imageSize must be a multiple of ${unit} for ${repeatNum} layers, got ${imageSize}`,
		);
	}
	const main = parameters.at("main");
	const layers: Layer[] = [];
	let input = 3;
	for (let index = 0; index < repeatNum; index += 1) {
		const output = convDim * 2 ** index;
		const before = insert({ place: "before", layer: index + 1, part: 0, channels: input });
		if (before !== undefined) layers.push(before);
		layers.push(convolution(input, output, { kernel: 4, stride: 2, padding: 1 })(main.at(index * 2)));
		layers.push(leakyRelu(0.01)(main.at(index * 2 + 1)));
		const after = insert({ place: "after", layer: index + 1, part: 0, channels: output });
		if (after !== undefined) layers.push(after);
		input = output;
	}
	const toSource = convolution(input, 1, { kernel: 3, padding: 1, bias: false })(parameters.at("conv1"));
	const toLabels = convolution(input, cDim, { kernel: side, bias: false })(parameters.at("conv2"));
	return (images, pass) =>
		tf.tidy(() => {
			const features = run(layers, images, pass);
			const labels: tf.Tensor2D = tf.reshape(toLabels(features, pass), [images.shape[0], cDim]);
			return { source: toSource(features, pass), labels };
		});
}

function run(layers: readonly Layer[], x: tf.Tensor4D, pass: Pass): tf.Tensor4D {
	return layers.reduce((value, layer) => layer(value, pass), x);
}

/** Each label as a plane behind the picture's channels. */
function withLabels(images: tf.Tensor4D, labels: tf.Tensor2D): tf.Tensor4D {
	const [count, height, width] = images.shape;
	const planes = tf.tile(tf.reshape(labels, [count, 1, 1, labels.shape[1]]), [1, height, width, 1]);
	return tf.concat([images, planes], 3) as tf.Tensor4D;
}
