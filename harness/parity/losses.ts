/** Goldens of losses on logits, labels, masks and pools, and of gradient penalties with their second-order gradients. */
import * as tf from "@tensorflow/tfjs";
import { inputGradient } from "../../engine/adam.ts";
import { detach } from "../../engine/ops/detach.ts";
import { ImagePool, PoolDraws } from "../../models/layers/image-pool.ts";
import { type Layer, training } from "../../models/layers/layer.ts";
import { fuse } from "../../models/layers/mask.ts";
import { patchgan } from "../../models/layers/patchgan.ts";
import {
	type Adversarial,
	hinge,
	leastSquares,
	logistic,
	relativisticAverage,
	wasserstein,
} from "../../models/losses/adversarial.ts";
import { fineGrainedAttention, mapEntropy } from "../../models/losses/fine-grained-attention.ts";
import { gradientPenalty, interpolate } from "../../models/losses/gradient-penalty.ts";
import { classEntropy, labelEntropy } from "../../models/losses/labels.ts";
import { totalVariation } from "../../models/losses/total-variation.ts";
import type { Results } from "./compare.ts";
import { channelsOf, type Golden, stored } from "./golden.ts";
import { type NetLoss, runNet, type Tensors } from "./net.ts";
import type { ParitySystem } from "./system.ts";

export const losses: ParitySystem = {
	parts: {
		adversarial: runAdversarial,
		classification_stargan: runClassification,
		fine_grained_attention: runFineGrainedAttention,
		gradient_penalty: runGradientPenalty,
		image_pool: runImagePool,
		mask_v1: runMask,
	},
};

/** Label losses of StarGAN: several labels for each picture, or one class. */
function runClassification(golden: Golden): Results {
	return runNet(golden, () => () => ({}), {
		losses: {
			cls_multilabel: ({ logits, multi_label: labels }) => labelEntropy(logits as tf.Tensor2D, labels as tf.Tensor2D),
			cls_softmax: ({ logits, class_index: classes }) => classEntropy(logits as tf.Tensor2D, classes as tf.Tensor1D),
		},
	});
}

/** Fusion and total variation of AttentionGAN's first scheme. */
function runMask(golden: Golden): Results {
	const lambda = golden.config.number("lambda_reg");
	const fused = ({ image, content, mask }: Tensors) =>
		fuse(image as tf.Tensor4D, content as tf.Tensor4D, mask as tf.Tensor4D);
	return runNet(golden, () => (inputs) => ({ fused_v1: fused(inputs) }), {
		losses: {
			tv_v1: ({ mask, image }) => {
				// The mask counts once for every channel of the picture.
				const times = lambda * ((image as tf.Tensor4D).shape[3] as number);
				return tf.mul(totalVariation(mask as tf.Tensor4D, { reduction: "sum" }), times);
			},
			fused_v1: (inputs) => tf.mean(tf.mul(fused(inputs), inputs["cotangent_fused"] as tf.Tensor)),
		},
	});
}

/** A pool shown numbers in place of pictures. */
function runImagePool(golden: Golden): Results {
	const { config } = golden;
	const size = config.count("pool_size");
	const batch = config.count("batch");
	const given = stored(golden, "input/images").data;
	using pool = new ImagePool(size);
	const draws = new PoolDraws(stored(golden, "input/uniform").data, stored(golden, "input/index").data);
	const returned = Float32Array.from(given);
	for (let start = 0; start < given.length; start += batch) {
		const numbers = given.slice(start, start + batch);
		tf.tidy(() => returned.set(pool.query(tf.tensor4d(numbers, [numbers.length, 1, 1, 1]), draws).dataSync(), start));
	}
	return new Map([
		["output/returned", { shape: [returned.length], data: returned }],
		["output/pool_after", { shape: [size], data: pool.read()?.data ?? new Float32Array() }],
		["output/draws_used", { shape: [1], data: Float32Array.of(draws.used) }],
	]);
}

/** Losses on logits alone; there is no network. */
function runAdversarial(golden: Golden): Results {
	const both = (name: string, form: Adversarial, share: number): Record<string, NetLoss> => ({
		[`${name}_g`]: ({ fake_logits: fake, real_logits: real }) => form.generator(fake as tf.Tensor, real as tf.Tensor),
		[`${name}_d`]: ({ fake_logits: fake, real_logits: real }) => {
			const terms = form.discriminator(real as tf.Tensor, fake as tf.Tensor);
			return tf.mul(tf.add(terms.real, terms.fake), share);
		},
	});
	return runNet(golden, () => () => ({}), {
		losses: {
			...both("lsgan", leastSquares, 0.5),
			...both("vanilla", logistic, 0.5),
			...both("wgangp", wasserstein, 0.5),
			...both("hinge", hinge, 1),
			...both("relativistic_average", relativisticAverage, 1),
		},
	});
}

/** FASRGAN's losses on maps of logits; real maps are constants for the generator. */
function runFineGrainedAttention(golden: Golden): Results {
	const attentionWeight = golden.config.number("atten_weight");
	const mapWeight = golden.config.number("gan_mask_weight");
	const entropies = (
		real: tf.Tensor,
		answerOfReal: "real" | "fake",
		fake: tf.Tensor,
		answerOfFake: "real" | "fake",
	) => {
		const terms = [mapEntropy(real as tf.Tensor4D, answerOfReal), mapEntropy(fake as tf.Tensor4D, answerOfFake)];
		return tf.mul(tf.addN(terms) as tf.Scalar, 0.5) as tf.Scalar;
	};
	return runNet(golden, () => () => ({}), {
		losses: {
			fine_grained_attention: ({ sr, hr, map_fake: map }) =>
				tf.mul(fineGrainedAttention(sr as tf.Tensor4D, hr as tf.Tensor4D, map as tf.Tensor4D), attentionWeight),
			map_adversarial_g: ({ map_real: real, map_fake: fake }) =>
				tf.mul(entropies(detach(real as tf.Tensor), "fake", fake as tf.Tensor, "real"), mapWeight),
			map_adversarial_d: ({ map_real: real, map_fake: fake }) =>
				entropies(real as tf.Tensor, "real", fake as tf.Tensor, "fake"),
		},
	});
}

function runGradientPenalty(golden: Golden): Results {
	const { config } = golden;
	const lambda = config.number("lambda_gp");
	let layer: Layer = (x) => x;
	const score = (x: tf.Tensor4D) => layer(x, training);
	const between = ({ real, fake, gp_alpha: alpha }: Tensors) =>
		interpolate(real as tf.Tensor4D, fake as tf.Tensor4D, (alpha as tf.Tensor).dataSync());
	// The CycleGAN form adds 1e-16 to the gradient and has its weight inside.
	const cyclegan =
		(points: (inputs: Tensors) => tf.Tensor): NetLoss =>
		(inputs) =>
			tf.mul(gradientPenalty(score, points(inputs) as tf.Tensor4D, { epsilon: 1e-16 }), lambda);
	return runNet(
		golden,
		(parameters) => {
			layer = patchgan({
				channels: channelsOf(golden, "input/real"),
				ndf: config.count("ndf"),
				layers: config.count("n_layers"),
				norm: config.choice("norm", ["instance", "batch", "none"]),
			})(parameters);
			return (inputs) => ({ input_gradient_mixed: inputGradient(score, between(inputs)) });
		},
		{
			losses: {
				gp_cyclegan_mixed: cyclegan(between),
				gp_cyclegan_real: cyclegan(({ real }) => real as tf.Tensor),
				gp_cyclegan_fake: cyclegan(({ fake }) => fake as tf.Tensor),
				gp_stargan: (inputs) => gradientPenalty(score, between(inputs)),
			},
		},
	);
}
