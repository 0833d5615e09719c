/**
 * The judge of attribute edits: four strided convolutions with batch normalisation and a linear layer, trained by label
 * entropy. Not of any paper: papers that report classification accuracy of edits say little of their classifiers.
 *
 *     picture → 4 × (conv3 stride 2 → batch norm → ReLU) of 32, 64, 128, 128 channels → linear → a logit per attribute
 */
import * as tf from "@tensorflow/tfjs";
import { Adam } from "../engine/adam.ts";
import { Parameters, uniformInit } from "../engine/parameters.ts";
import { Random } from "../engine/random.ts";
import { relu } from "./layers/activation.ts";
import { batchNorm } from "./layers/batch-norm.ts";
import { convolution } from "./layers/convolution.ts";
import { evaluation, type Pass, sequence, training } from "./layers/layer.ts";
import { Ledger } from "./layers/ledger.ts";
import { minimize } from "./layers/minimize.ts";
import { labelEntropy } from "./losses/labels.ts";
import type { Gan, LabelledBatch, Paper } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface AttributeClassifierOptions {
	/** Side of the pictures, a multiple of 16. @default 64 */
	readonly imageSize?: number;
	/** Number of attributes. @default 5 */
	readonly attributes?: number;
	/** Channels of the four convolutions. @default [32, 64, 128, 128] */
	readonly widths?: readonly number[];
	/** Adam's rate. @default 1e-3 */
	readonly rate?: number;
	/** Of the initial weights. @default 0 */
	readonly seed?: number;
}

export interface AttributeClassifier extends Gan<LabelledBatch> {
	/** Pictures [N, H, W, 3] in [-1, 1] → logits [N, attributes]; the caller disposes. */
	predict(images: tf.Tensor4D): tf.Tensor2D;
}

/** Builds the classifier; `step` trains it on one batch and logs `C/loss_cls`. */
export function attributeClassifier({
	imageSize = 64,
	attributes = 5,
	widths = [32, 64, 128, 128],
	rate = 1e-3,
	seed = 0,
}: AttributeClassifierOptions = {}): AttributeClassifier {
	const parameters = new Parameters(Random.seed(seed).split("C"));
	const logits = classifier(parameters, { imageSize, attributes, widths });
	const networks = { C: parameters };
	const optimizer = new Adam(parameters, { rate });
	return {
		id: "attribute-classifier",
		networks,
		optimizers: { C: optimizer },
		draw: () => ({}),
		step({ images, labels }, _draws, _iteration, watch) {
			using ledger = new Ledger();
			minimize(
				optimizer,
				networks,
				() => ledger.record("C/loss_cls", labelEntropy(logits(images, training), labels)),
				watch,
			);
			return ledger.read();
		},
		predict: (images) => logits(images, evaluation),
		attention: () => ({}),
		setRate(fraction) {
			optimizer.rate = rate * fraction;
		},
		[Symbol.dispose]() {
			optimizer[Symbol.dispose]();
			parameters[Symbol.dispose]();
		},
	};
}

/** Pictures [N, imageSize, imageSize, 3] in [-1, 1] → logits [N, attributes]. */
function classifier(
	parameters: Parameters,
	{ imageSize, attributes, widths }: Required<Pick<AttributeClassifierOptions, "imageSize" | "attributes" | "widths">>,
): (images: tf.Tensor4D, pass: Pass) => tf.Tensor2D {
	const side = imageSize / 2 ** widths.length;
	if (!Number.isInteger(side)) {
		throw new RangeError(
			`attribute-classifier: imageSize must be a multiple of ${2 ** widths.length}, got ${imageSize}`,
		);
	}
	const features = sequence(
		...widths.flatMap((width, index) => [
			convolution(index === 0 ? 3 : (widths[index - 1] as number), width, { stride: 2, padding: 1 }),
			batchNorm(width),
			relu(),
		]),
	)(parameters.at("features"));
	const inputs = side * side * (widths.at(-1) ?? 3);
	const bound = uniformInit(1 / Math.sqrt(inputs));
	const weight = parameters.create("classifier.weight", [inputs, attributes], bound, { layout: "linear" });
	const bias = parameters.create("classifier.bias", [attributes], bound);
	return (images, pass) =>
		tf.tidy(() => {
			const flat = tf.reshape(features(images, pass), [images.shape[0], inputs]);
			return tf.add(tf.matMul(flat, weight as unknown as tf.Tensor2D), bias);
		});
}

const paper: Paper = {
	id: "attribute-classifier",
	title: "The judge of attribute edits",
	year: 2026,
	citation: "Of no paper.",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "attribute-classifier",
		paper,
		role: "part",
		description: "The judge of attribute edits: a small convolutional classifier with one logit per attribute.",
		options: { imageSize: 64, attributes: 5, widths: "32,64,128,128", rate: 1e-3 },
		networks: ({ widths, ...options }) => ({
			C: (parameters) => classifier(parameters, { ...options, widths: widthsOf(widths) }),
		}),
		build: ({ widths, ...options }) => attributeClassifier({ ...options, widths: widthsOf(widths) }),
	}),
];

/** `"32,64"` as numbers, since a card's options are plain values. */
function widthsOf(text: string): number[] {
	const widths = text.split(",").map(Number);
	if (widths.every((width) => Number.isInteger(width) && width > 0)) return widths;
	throw new RangeError(`attribute-classifier: option widths must list whole numbers, as 32,64, got ${text}`);
}
