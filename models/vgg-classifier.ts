/**
 * VGG: Simonyan, Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015; follows
 * torchvision's vgg11 to vgg19 without batch norm. A classifier that SAG-GAN compared ResNet18 with.
 *
 *     picture → stages of conv3 and ReLU, widths w, 2w, 4w, 8w, 8w, each ending in a max pool 2
 *     → average pool to 7 × 7 → linear, ReLU, dropout → linear, ReLU, dropout → linear → logits
 *
 * Its convolutions alone are what perceptual losses and LPIPS compare pictures by (`vgg-features`; VGG19 in ESRGAN, FASRGAN and
 * AGA-GAN, VGG16 in LPIPS), with the published weights.
 */
import * as tf from "@tensorflow/tfjs";
import { maxPool2d } from "../engine/ops/max-pool.ts";
import { relu } from "../engine/ops/relu.ts";
import { constantInit, normalInit, type Parameters } from "../engine/parameters.ts";
import { adaptiveAvgPool2d } from "./layers/adaptive-pool.ts";
import { type Classifier, type ClassifierOptions, classifier, dropout, type Logits } from "./layers/classifier.ts";
import { convolution } from "./layers/convolution.ts";
import type { Layer } from "./layers/layer.ts";
import { linear } from "./layers/linear.ts";
import type { Paper } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface VggOptions {
	/** Channels of the pictures. @default 3 */
	readonly channels?: number;
	/** Layers with weights: 11, 13, 16 or 19. @default 16 */
	readonly depth?: number;
	/** Width of the first stage. @default 64 */
	readonly width?: number;
	/** Width of the linear layers. @default 4096 */
	readonly headWidth?: number;
	/** @default 2 */
	readonly classes?: number;
}

/** Convolutions of each stage. */
const stages: Readonly<Record<number, readonly number[]>> = {
	11: [1, 1, 2, 2, 2],
	13: [2, 2, 2, 2, 2],
	16: [2, 2, 3, 3, 3],
	19: [2, 2, 4, 4, 4],
};

/** Side of what the linear layers see. */
const grid = 7;

/** Pictures [N, H, W, channels] of 32 pixels or more → features [N, ⌊H / 32⌋, ⌊W / 32⌋, 8 · width]. */
function vggFeatures(
	parameters: Parameters,
	{ channels = 3, depth = 16, width = 64 }: Pick<VggOptions, "channels" | "depth" | "width">,
): Layer {
	const counts = stages[depth];
	if (counts === undefined) {
		throw new RangeError(`vgg: depth must be ${Object.keys(stages).join(", ")}, got ${depth}`);
	}
	const features = parameters.at("features");
	const layers: Layer[] = [];
	let [position, input] = [0, channels];
	for (const [stage, count] of counts.entries()) {
		const output = width * Math.min(2 ** stage, 8);
		for (let index = 0; index < count; index += 1) {
			const initializer = normalInit(Math.sqrt(2 / (output * 9)));
			const options = { padding: 1, initializer, biasInitializer: constantInit(0) };
			const convolve = convolution(input, output, options)(features.at(position));
			layers.push((x, pass) => relu(convolve(x, pass)));
			// The ReLU has a place of its own.
			position += 2;
			input = output;
		}
		layers.push((x) => maxPool2d(x, 2));
		position += 1;
	}
	return (images, pass) => layers.reduce((x, layer) => layer(x, pass), images);
}

/** Pictures [N, H, W, channels] of 32 pixels or more → logits [N, classes]. */
export function vggNetwork(
	parameters: Parameters,
	{ width = 64, headWidth = 4096, classes = 2, ...options }: VggOptions = {},
): Logits {
	const features = vggFeatures(parameters, { width, ...options });
	const init = { initializer: normalInit(0.01), biasInitializer: constantInit(0) };
	const head = parameters.at("classifier");
	const first = linear(8 * width * grid * grid, headWidth, init)(head.at(0));
	const second = linear(headWidth, headWidth, init)(head.at(3));
	const last = linear(headWidth, classes, init)(head.at(6));
	return (images, pass, drops) =>
		tf.tidy(() => {
			const deep = adaptiveAvgPool2d(features(images, pass), grid);
			// PyTorch flattens channels first.
			const flat = tf.reshape(tf.transpose(deep, [0, 3, 1, 2]), [images.shape[0], -1]) as tf.Tensor2D;
			const once = dropout(relu(first(flat)), 0, pass, drops);
			return last(dropout(relu(second(once)), 1, pass, drops));
		});
}

/** Builds a VGG classifier; `step` trains it by cross entropy. */
export function vggClassifier(options: VggOptions & ClassifierOptions = {}): Classifier {
	const { headWidth = 4096 } = options;
	const network = (parameters: Parameters) => vggNetwork(parameters, options);
	return classifier({ id: "vgg-classifier", network, dropouts: [headWidth, headWidth] }, options);
}

export const paper: Paper = {
	id: "vgg",
	title: "Very Deep Convolutional Networks for Large-Scale Image Recognition",
	year: 2015,
	citation: "K. Simonyan, A. Zisserman. ICLR 2015.",
	url: "https://arxiv.org/abs/1409.1556",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "vgg-classifier",
		paper,
		role: "part",
		description: "A classifier of small kernels, 11 to 19 layers deep.",
		options: { channels: 3, depth: 16, width: 64, headWidth: 4096, classes: 2, rate: 1e-4 },
		meanings: { classes: "Classes that are told apart." },
		networks: (options) => ({ C: (parameters) => vggNetwork(parameters, options) }),
		build: vggClassifier,
	}),
	system({
		id: "vgg-features",
		paper,
		role: "part",
		description: "The convolutions of VGG, whose features perceptual losses compare.",
		options: { channels: 3, depth: 19, width: 64 },
		networks: (options) => ({ F: (parameters) => vggFeatures(parameters, options) }),
	}),
];
