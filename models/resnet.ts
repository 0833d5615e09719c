/**
 * ResNet: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016; follows torchvision's resnet18 and
 * resnet34. The classifier of SAG-GAN's Table I.
 *
 *     picture → conv7 stride 2, batch norm, ReLU → max pool 3 stride 2 → four stages of basic blocks, widths w, 2w, 4w, 8w,
 *     strides 1, 2, 2, 2 → mean over the picture → linear → logits
 *     block: conv3, batch norm, ReLU, conv3, batch norm, plus the input (or its 1 × 1 convolution with batch norm), ReLU
 */
import * as tf from "@tensorflow/tfjs";
import { maxPool2d } from "../engine/ops/max-pool.ts";
import { relu } from "../engine/ops/relu.ts";
import { normalInit, type Parameters } from "../engine/parameters.ts";
import { batchNorm } from "./layers/batch-norm.ts";
import { type Classifier, type ClassifierOptions, classifier, type Logits } from "./layers/classifier.ts";
import { convolution } from "./layers/convolution.ts";
import type { Layer } from "./layers/layer.ts";
import { linear } from "./layers/linear.ts";
import type { Paper } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface ResnetNetworkOptions {
	/** Channels of the pictures. @default 3 */
	readonly channels?: number;
	/** Width of the first stage. @default 64 */
	readonly width?: number;
	/** Basic blocks of each stage. @default [2, 2, 2, 2], ResNet18 */
	readonly blocks?: readonly number[];
	/** @default 2 */
	readonly classes?: number;
}

/** Pictures [N, H, W, channels] of 32 pixels or more → logits [N, classes]. */
export function resnetNetwork(
	parameters: Parameters,
	{ channels = 3, width = 64, blocks = [2, 2, 2, 2], classes = 2 }: ResnetNetworkOptions = {},
): Logits {
	const stem = normed(parameters, "conv1", "bn1", channels, width, { kernel: 7, stride: 2, padding: 3 });
	const layers: Layer[] = [];
	let input = width;
	for (const [stage, count] of blocks.entries()) {
		const output = width * 2 ** stage;
		for (let index = 0; index < count; index += 1) {
			const stride = stage > 0 && index === 0 ? 2 : 1;
			layers.push(basicBlock(parameters.at(`layer${stage + 1}`).at(index), input, output, stride));
			input = output;
		}
	}
	const last = linear(input, classes)(parameters.at("fc"));
	return (images, pass) =>
		tf.tidy(() => {
			const start = maxPool2d(relu(stem(images, pass)), 3, { stride: 2, pad: 1 });
			const features = layers.reduce((x, layer) => layer(x, pass), start);
			return last(tf.mean(features, [1, 2]));
		});
}

function basicBlock(parameters: Parameters, input: number, output: number, stride: number): Layer {
	const first = normed(parameters, "conv1", "bn1", input, output, { kernel: 3, stride, padding: 1 });
	const second = normed(parameters, "conv2", "bn2", output, output, { kernel: 3, stride: 1, padding: 1 });
	const isSame = stride === 1 && input === output;
	const down = parameters.at("downsample");
	const skip = isSame ? undefined : normed(down, 0, 1, input, output, { kernel: 1, stride, padding: 0 });
	return (x, pass) => {
		const branch = second(relu(first(x, pass)), pass);
		return relu(tf.add(branch, skip === undefined ? x : skip(x, pass)));
	};
}

/** A convolution without bias and its batch norm; initial weights of He et al. 2015 by the number of outputs. */
function normed(
	parameters: Parameters,
	convolutionName: string | number,
	normName: string | number,
	input: number,
	output: number,
	geometry: { readonly kernel: number; readonly stride: number; readonly padding: number },
): Layer {
	const initializer = normalInit(Math.sqrt(2 / (output * geometry.kernel ** 2)));
	const options = { ...geometry, bias: false, initializer };
	const convolve = convolution(input, output, options)(parameters.at(convolutionName));
	const normalize = batchNorm(output)(parameters.at(normName));
	return (x, pass) => normalize(convolve(x, pass), pass);
}

/** Builds ResNet18, or another of basic blocks; `step` trains it by cross entropy. */
export function resnet(options: ResnetNetworkOptions & ClassifierOptions = {}): Classifier {
	return classifier({ id: "resnet", network: (parameters) => resnetNetwork(parameters, options) }, options);
}

const depths: Readonly<Record<number, readonly number[]>> = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3] };

/** Blocks of each stage by the number of layers that the paper counts. */
function blocksOf(depth: number): readonly number[] {
	const blocks = depths[depth];
	if (blocks === undefined) throw new RangeError(`resnet: depth must be 18 or 34, got ${depth}`);
	return blocks;
}

export const paper: Paper = {
	id: "resnet",
	title: "Deep Residual Learning for Image Recognition",
	year: 2016,
	citation: "K. He, X. Zhang, S. Ren, J. Sun. CVPR 2016.",
	url: "https://arxiv.org/abs/1512.03385",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "resnet",
		paper,
		role: "part",
		description: "The classifier that augmentations are judged by.",
		options: { channels: 3, width: 64, depth: 18, classes: 2, rate: 1e-4 },
		meanings: { classes: "Classes that are told apart.", depth: "Layers with weights." },
		networks: ({ depth, ...options }) => ({
			C: (parameters) => resnetNetwork(parameters, { ...options, blocks: blocksOf(depth) }),
		}),
		build: ({ depth, ...options }) => resnet({ ...options, blocks: blocksOf(depth) }),
	}),
];
