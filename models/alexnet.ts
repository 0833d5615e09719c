/**
 * AlexNet: Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", NeurIPS 2012;
 * follows torchvision's alexnet (one column: Krizhevsky, "One weird trick for parallelizing convolutional neural networks",
 * 2014). A classifier that SAG-GAN compared ResNet18 with.
 *
 *     picture → conv11 stride 4, ReLU, max pool 3 stride 2 → conv5, ReLU, max pool → 3 × (conv3, ReLU) → max pool
 *     → average pool to 6 × 6 → dropout, linear, ReLU → dropout, linear, ReLU → linear → logits
 */
import * as tf from "@tensorflow/tfjs";
import { maxPool2d } from "../engine/ops/max-pool.ts";
import { relu } from "../engine/ops/relu.ts";
import type { Parameters } from "../engine/parameters.ts";
import { adaptiveAvgPool2d } from "./layers/adaptive-pool.ts";
import { type Classifier, type ClassifierOptions, classifier, dropout, type Logits } from "./layers/classifier.ts";
import { convolution } from "./layers/convolution.ts";
import { linear } from "./layers/linear.ts";
import type { Paper } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface AlexnetOptions {
	/** Channels of the pictures. @default 3 */
	readonly channels?: number;
	/** Width of the first layer; the others are 3, 6, 4 and 4 times as wide. @default 64 */
	readonly width?: number;
	/** Width of the linear layers. @default 4096 */
	readonly headWidth?: number;
	/** @default 2 */
	readonly classes?: number;
}

/** Side of what the linear layers see. */
const grid = 6;

/** Pictures [N, H, W, channels] of 63 pixels or more → logits [N, classes]. */
export function alexnetNetwork(
	parameters: Parameters,
	{ channels = 3, width = 64, headWidth = 4096, classes = 2 }: AlexnetOptions = {},
): Logits {
	const features = parameters.at("features");
	const stages = [
		{ at: 0, input: channels, output: width, kernel: 11, stride: 4, padding: 2, pool: true },
		{ at: 3, input: width, output: width * 3, kernel: 5, padding: 2, pool: true },
		{ at: 6, input: width * 3, output: width * 6, padding: 1, pool: false },
		{ at: 8, input: width * 6, output: width * 4, padding: 1, pool: false },
		{ at: 10, input: width * 4, output: width * 4, padding: 1, pool: true },
	].map(({ at, input, output, pool, ...geometry }) => ({
		pool,
		convolve: convolution(input, output, geometry)(features.at(at)),
	}));
	const head = parameters.at("classifier");
	const flatWidth = width * 4 * grid * grid;
	const first = linear(flatWidth, headWidth)(head.at(1));
	const second = linear(headWidth, headWidth)(head.at(4));
	const last = linear(headWidth, classes)(head.at(6));
	return (images, pass, drops) =>
		tf.tidy(() => {
			const deep = stages.reduce((x, { convolve, pool }) => {
				const made = relu(convolve(x, pass));
				return pool ? maxPool2d(made, 3, { stride: 2 }) : made;
			}, images);
			// PyTorch flattens channels first.
			const pooled = tf.transpose(adaptiveAvgPool2d(deep, grid), [0, 3, 1, 2]);
			const flat = tf.reshape(pooled, [images.shape[0], flatWidth]) as tf.Tensor2D;
			const once = relu(first(dropout(flat, 0, pass, drops)));
			return last(relu(second(dropout(once, 1, pass, drops))));
		});
}

/** Builds AlexNet; `step` trains it by cross entropy. */
export function alexnet(options: AlexnetOptions & ClassifierOptions = {}): Classifier {
	const { width = 64, headWidth = 4096 } = options;
	const network = (parameters: Parameters) => alexnetNetwork(parameters, options);
	return classifier({ id: "alexnet", network, dropouts: [width * 4 * grid * grid, headWidth] }, options);
}

export const paper: Paper = {
	id: "alexnet",
	title: "ImageNet Classification with Deep Convolutional Neural Networks",
	year: 2012,
	citation: "A. Krizhevsky, I. Sutskever, G. E. Hinton. NeurIPS 2012.",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "alexnet",
		paper,
		role: "part",
		description: "The first deep classifier of photographs, in one column.",
		options: { channels: 3, width: 64, headWidth: 4096, classes: 2, rate: 1e-4 },
		meanings: { classes: "Classes that are told apart." },
		networks: (options) => ({ C: (parameters) => alexnetNetwork(parameters, options) }),
		build: alexnet,
	}),
];
