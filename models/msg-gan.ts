/**
 * MSG-GAN: Karnewar, Wang, "MSG-GAN: Multi-Scale Gradients for Generative Adversarial Networks", CVPR 2020; follows
 * akanimax/BMSG-GAN@863b1f3.
 *
 *     z → 4 × 4 → (2 × nearest, conv3, conv3) per scale, a picture by conv1 at every scale
 *     D: the largest picture's features, at each lower scale beside the picture's own: (conv3, conv3, average pool) → one score
 *
 * All scales are trained at once, real pictures pooled to each. Loss: relativistic average hinge. Adam (0, 0.99); equalised
 * learning rate; minibatch deviation over the whole batch; one noise for the steps of D and G. `Gs` is the average of G.
 */
import * as tf from "@tensorflow/tfjs";
import { Adam } from "../engine/adam.ts";
import { moveAverage } from "../engine/average.ts";
import { avgPool2d } from "../engine/ops/avg-pool.ts";
import { Parameters } from "../engine/parameters.ts";
import { Random } from "../engine/random.ts";
import { equalizedConvolution } from "./layers/equalized.ts";
import { evaluation, type Layer } from "./layers/layer.ts";
import { Ledger } from "./layers/ledger.ts";
import { minimize } from "./layers/minimize.ts";
import { enlargingBlock, judgingBlock, shrinkingBlock, startingBlock } from "./layers/progressive.ts";
import { relativisticAverageHinge } from "./losses/adversarial.ts";
import { type Draws, drawn, type Gan, type Paper, type PictureBatch, required, type Watch } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface MsgGanNetworkOptions {
	/** Scales: the largest pictures have 2^(depth + 1) pixels a side. @default 7 */
	readonly depth?: number;
	/** Length of the noise, and width of G's first four scales. @default 512 */
	readonly latentSize?: number;
	/** Width of D's first four scales. @default 512 */
	readonly featureSize?: number;
	/** Of the pictures. @default 3 */
	readonly channels?: number;
}

export interface MsgGanOptions extends MsgGanNetworkOptions {
	/** Scales the noise to a norm of √latentSize. @default false */
	readonly normalizeLatent?: boolean;
	/** Of the average of G. @default 0.999 */
	readonly decay?: number;
	/** Adam's rate of G. @default 0.003 */
	readonly gRate?: number;
	/** Adam's rate of D. @default 0.003 */
	readonly dRate?: number;
	/** @default [0, 0.99] */
	readonly betas?: readonly [number, number];
	/** Of the initial weights. @default 0 */
	readonly seed?: number;
}

export interface MsgGan extends Gan<PictureBatch> {
	/** Pictures at every scale, smallest first, by the average of G; the caller disposes. */
	generate(z: tf.Tensor2D): tf.Tensor4D[];
}

/** Noise [N, latentSize] → pictures [N, 4, 4, channels], [N, 8, 8, channels] …, not confined to [-1, 1]. */
export function msgGenerator(
	parameters: Parameters,
	options: MsgGanNetworkOptions = {},
): (z: tf.Tensor2D) => tf.Tensor4D[] {
	const { depth = 7, latentSize = 512, channels = 3 } = options;
	const width = (scale: number) => Math.floor(latentSize / 2 ** Math.max(0, scale - 3));
	const scales = Array.from({ length: depth }, (_, scale) => scale);
	const layers = parameters.at("layers");
	const start = startingBlock(layers.at(0), latentSize, latentSize, "community");
	const blocks = scales.slice(1).map((scale) => enlargingBlock(layers.at(scale), width(scale - 1), width(scale)));
	const toPicture = scales.map((scale) =>
		equalizedConvolution(width(scale), channels, { kernel: 1 })(parameters.at("rgb_converters").at(scale)),
	);
	return (z) =>
		tf.tidy(() => {
			const features = [start(z)];
			for (const block of blocks) features.push(block(features.at(-1) as tf.Tensor4D));
			return toPicture.map((layer, scale) => layer(features[scale] as tf.Tensor4D, evaluation));
		});
}

/** Pictures at every scale, smallest first → scores [N]. */
export function msgDiscriminator(
	parameters: Parameters,
	options: MsgGanNetworkOptions = {},
): (pictures: readonly tf.Tensor4D[]) => tf.Tensor1D {
	const { depth = 7, featureSize = 512, channels = 3 } = options;
	// Block `index` works at 2^(index + 3) pixels a side; the 4 × 4 end has a block of its own.
	const indices = Array.from({ length: depth - 1 }, (_, index) => index);
	const width = (index: number) => Math.floor(featureSize / 2 ** Math.max(0, index - 2));
	const output = (index: number) => (index < 3 ? Math.floor(featureSize / 2) : width(index));
	const isLargest = (index: number) => index === depth - 2;
	const fromPicture = (at: Parameters, channelsOut: number): Layer =>
		equalizedConvolution(channels, channelsOut, { kernel: 1 })(at);
	const converters = indices.map((index) => {
		const beside = isLargest(index) ? 0 : output(index + 1);
		return fromPicture(parameters.at("rgb_to_features").at(index), width(index) - beside);
	});
	const last = fromPicture(parameters.at("final_converter"), depth === 1 ? featureSize : Math.ceil(featureSize / 2));
	const blocks = indices.map((index) =>
		shrinkingBlock(parameters.at("layers").at(index), width(index), width(index), output(index)),
	);
	const judge = judgingBlock(parameters.at("final_block"), featureSize, featureSize, {
		groupSize: Number.POSITIVE_INFINITY,
		gain: Math.SQRT2,
	});
	return (pictures) =>
		tf.tidy(() => {
			if (pictures.length !== depth) {
				throw new RangeError(`msg-gan: pictures must come in ${depth} scales, got ${pictures.length}`);
			}
			let features: tf.Tensor4D | undefined;
			for (const index of indices.toReversed()) {
				const own = (converters[index] as Layer)(pictures[index + 1] as tf.Tensor4D, evaluation);
				features = (blocks[index] as (x: tf.Tensor4D) => tf.Tensor4D)(joined(own, features));
			}
			return judge(joined(last(pictures[0] as tf.Tensor4D, evaluation), features));
		});
}

/** The picture's own features first. */
function joined(own: tf.Tensor4D, above: tf.Tensor4D | undefined): tf.Tensor4D {
	return above === undefined ? own : tf.concat([own, above], 3);
}

/** Builds MSG-GAN; the defaults are the code's for 256 × 256. */
export function msgGan(options: MsgGanOptions = {}): MsgGan {
	const { depth = 7, latentSize = 512, normalizeLatent = false, decay = 0.999 } = options;
	const { gRate = 0.003, dRate = 0.003, betas: [beta1, beta2] = [0, 0.99], seed = 0 } = options;
	const random = Random.seed(seed);
	// Gs starts as G: initial values are a function of the generator and a parameter's name.
	const [G, D, Gs] = [
		new Parameters(random.split("G")),
		new Parameters(random.split("D")),
		new Parameters(random.split("G")),
	];
	const generator = msgGenerator(G, options);
	const discriminator = msgDiscriminator(D, options);
	const averaged = msgGenerator(Gs, options);
	const optimizers = { G: new Adam(G, { rate: gRate, beta1, beta2 }), D: new Adam(D, { rate: dRate, beta1, beta2 }) };
	const side = 2 ** (depth + 1);
	const prepared = (z: tf.Tensor2D): tf.Tensor2D =>
		normalizeLatent ? tf.mul(tf.div(z, tf.norm(z, "euclidean", 1, true)), Math.sqrt(latentSize)) : z;
	const pyramid = (images: tf.Tensor4D): tf.Tensor4D[] => {
		const [, height, width] = images.shape;
		if (height !== side || width !== side) {
			throw new RangeError(`msg-gan: pictures must be ${side} by ${side}, got ${height} by ${width}`);
		}
		return Array.from({ length: depth }, (_, scale) => {
			const factor = 2 ** (depth - 1 - scale);
			return factor === 1 ? images : avgPool2d(images, factor);
		});
	};
	const step = ({ images }: PictureBatch, draws: Draws, ledger: Ledger, watch?: Watch) => {
		const real = pyramid(images);
		const z = prepared(tf.tensor2d(Float32Array.from(drawn(draws, "z")), [images.shape[0], latentSize]));
		// Outside the gradient's tape: constants for D.
		const fake = generator(z);
		watch?.output?.("fake", fake.at(-1) as tf.Tensor4D);
		const judge = () => {
			const terms = relativisticAverageHinge.discriminator(discriminator(real), discriminator(fake));
			return tf.add<tf.Scalar>(ledger.record("D/loss_real", terms.real), ledger.record("D/loss_fake", terms.fake));
		};
		minimize(optimizers.D, { D }, judge, watch);
		const deceive = () =>
			ledger.record("G/loss", relativisticAverageHinge.generator(discriminator(generator(z)), discriminator(real)));
		minimize(optimizers.G, { G }, deceive, watch);
		moveAverage(Gs, G, decay);
	};
	const generate = (z: tf.Tensor2D) => tf.tidy(() => averaged(prepared(z)));
	return {
		id: "msg-gan",
		networks: { G, D, Gs },
		optimizers,
		draw: (source, { images }) => ({ z: source.normals(images.shape[0] * latentSize) }),
		step(batch, draws, _iteration, watch) {
			using ledger = new Ledger();
			tf.tidy(() => step(batch, draws, ledger, watch));
			return ledger.read();
		},
		generate,
		apply: ({ noise }) => ({
			images: tf.tidy(() => {
				const pictures = generate(required("msg-gan", "noise", noise));
				return tf.clipByValue(pictures.at(-1) as tf.Tensor4D, -1, 1);
			}),
			maps: {},
		}),
		attention: () => ({}),
		setRate(fraction) {
			optimizers.G.rate = gRate * fraction;
			optimizers.D.rate = dRate * fraction;
		},
		[Symbol.dispose]() {
			for (const owned of [...Object.values(optimizers), G, D, Gs]) owned[Symbol.dispose]();
		},
	};
}

export const paper: Paper = {
	id: "msg-gan",
	title: "MSG-GAN: Multi-Scale Gradients for Generative Adversarial Networks",
	year: 2020,
	citation: "A. Karnewar, O. Wang. CVPR 2020.",
	url: "https://arxiv.org/abs/1903.06048",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "msg-gan",
		paper,
		role: "baseline",
		description: "Generates and judges pictures at all scales at once.",
		options: {
			...{ depth: 7, latentSize: 512, featureSize: 512, channels: 3, normalizeLatent: false },
			...{ decay: 0.999, gRate: 0.003, dRate: 0.003 },
		},
		networks: (options) => ({
			G: (parameters) => msgGenerator(parameters, options),
			D: (parameters) => msgDiscriminator(parameters, options),
			Gs: (parameters) => msgGenerator(parameters, options),
		}),
		build: msgGan,
	}),
];
