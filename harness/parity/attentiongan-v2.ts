/** Goldens of AttentionGAN, scheme II. */
import type * as tf from "@tensorflow/tfjs";
import { attentionGan, attentionGenerator } from "../../models/attention-gan.ts";
import { patchgan } from "../../models/layers/patchgan.ts";
import type { Results } from "./compare.ts";
import { channelsOf, type Golden } from "./golden.ts";
import { runNet } from "./net.ts";
import type { ParitySystem } from "./system.ts";
import { drawsUsed, inputOf, restOfDraws, runTraining } from "./training.ts";

export const attentionganV2: ParitySystem = {
	parts: {
		generator: (golden) => runGenerator(golden, false),
		generator_geo: (golden) => runGenerator(golden, true),
		discriminator_patchgan: runPatchgan,
		train_step: runTrainStep,
	},
};

function runGenerator(golden: Golden, geo: boolean): Results {
	return runNet(golden, (parameters) => {
		const { config } = golden;
		const generator = attentionGenerator(parameters, {
			channels: channelsOf(golden, "input/image"),
			ngf: config.number("ngf"),
			blocks: config.number("n_blocks"),
			geo,
		});
		return ({ image }, pass) => {
			const made = generator(image as tf.Tensor4D, pass);
			return { image: made.image, attention: made.masks, content: made.content };
		};
	});
}

/** A PatchGAN with the norm that the file names. */
export function runPatchgan(golden: Golden): Results {
	return runNet(golden, (parameters) => {
		const { config } = golden;
		const layer = patchgan({
			channels: channelsOf(golden, "input/image"),
			ndf: config.number("ndf"),
			layers: config.number("n_layers"),
			norm: config.choice("norm", ["instance", "batch", "none"]),
		})(parameters);
		return ({ image }, pass) => ({ score: layer(image as tf.Tensor4D, pass) });
	});
}

function runTrainStep(golden: Golden): Results {
	const { config } = golden;
	const poolSize = config.number("pool_size");
	const gan = attentionGan({
		channels: channelsOf(golden, "input/real_A/0"),
		ngf: config.number("ngf"),
		blocks: config.number("n_blocks"),
		ndf: config.number("ndf"),
		lambdaA: config.number("lambda_A"),
		lambdaB: config.number("lambda_B"),
		lambdaIdentity: config.number("lambda_identity"),
		adversarial: config.choice("gan_mode", ["lsgan", "vanilla"]),
		poolSize,
		rate: config.number("lr"),
		betas: [config.number("beta1"), config.number("beta2")],
	});
	const results = runTraining(golden, {
		gan,
		batch: (iteration) => ({
			a: inputOf<tf.Tensor4D>(golden, "real_A", iteration),
			b: inputOf<tf.Tensor4D>(golden, "real_B", iteration),
		}),
		draws: (iteration) => ({
			pool_uniform: restOfDraws(golden, "pool_uniform", iteration, poolSize),
			pool_index: restOfDraws(golden, "pool_index", iteration, poolSize),
		}),
	});
	const count = Float32Array.of(drawsUsed(golden, config.number("iterations"), poolSize));
	return new Map([...results, ["output/pool_draws_used", { shape: [1], data: count }]]);
}
