/** Goldens of AttentionGAN, scheme II. */
import type * as tf from "@tensorflow/tfjs";
import { attentionGan, attentionGenerator } from "../../models/attention-gan.ts";
import { patchgan } from "../../models/layers/patchgan.ts";
import type { TwoDomainGan } from "../../models/layers/two-domain.ts";
import type { Results } from "./compare.ts";
import { channelsOf, type Golden, stored } from "./golden.ts";
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
			ngf: config.count("ngf"),
			blocks: config.count("n_blocks"),
			masks: masksOf(golden, "weight/"),
			geo,
		});
		return ({ image }, pass) => {
			const made = generator(image as tf.Tensor4D, pass);
			return { image: made.image, attention: made.masks, content: made.content };
		};
	});
}

/** Masks are told by the head of the attention decoder alone. */
function masksOf(golden: Golden, prefix: string): number {
	return stored(golden, `${prefix}deconv3_attention.weight`).shape[0] as number;
}

/** A PatchGAN with the norm that the file names. */
export function runPatchgan(golden: Golden): Results {
	return runNet(golden, (parameters) => {
		const { config } = golden;
		const layer = patchgan({
			channels: channelsOf(golden, "input/image"),
			ndf: config.count("ndf"),
			layers: config.count("n_layers"),
			norm: config.choice("norm", ["instance", "batch", "none"]),
		})(parameters);
		return ({ image }, pass) => ({ score: layer(image as tf.Tensor4D, pass) });
	});
}

function runTrainStep(golden: Golden): Results {
	const { config } = golden;
	const gan = attentionGan({
		...cycleConfig(golden),
		ngf: config.count("ngf"),
		blocks: config.count("n_blocks"),
		masks: masksOf(golden, "before/G_A."),
		geo: stored(golden, "before/G_A.deconv3_content.weight").shape[0] === contentsOf(golden),
	});
	return runCycle(golden, gan);
}

/** Channels of the contents where none of the masks keeps the input. */
function contentsOf(golden: Golden): number {
	return masksOf(golden, "before/G_A.") * channelsOf(golden, "input/real_A/0");
}

/** Options of training in the CycleGAN family from a file's settings. */
export function cycleConfig(golden: Golden) {
	const { config } = golden;
	return {
		channels: channelsOf(golden, "input/real_A/0"),
		ndf: config.count("ndf"),
		dLayers: config.count("n_layers", 3),
		discriminator: golden.tensors.has("before/D_A.net.0.weight") ? "pixel" : "patch",
		lambdaA: config.number("lambda_A"),
		lambdaB: config.number("lambda_B"),
		lambdaIdentity: config.number("lambda_identity"),
		adversarial: config.choice("gan_mode", ["lsgan", "vanilla", "wgangp"]),
		poolSize: config.count("pool_size"),
		rate: config.number("lr"),
		betas: [config.number("beta1"), config.number("beta2")],
	} as const;
}

/** Trains a system of the CycleGAN family on the file's batches and draws. */
export function runCycle(golden: Golden, gan: TwoDomainGan): Results {
	const { config } = golden;
	const poolSize = config.count("pool_size");
	const iterations = config.count("iterations");
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
	const scalars = new Map([["output/pool_draws_used", drawsUsed(golden, iterations, poolSize)]]);
	// The code logs the terms that it leaves out as 0.
	if (config.number("lambda_identity") === 0) {
		for (let iteration = 0; iteration < iterations; iteration += 1) {
			for (const side of ["A", "B"]) scalars.set(`loss/${iteration}/idt_${side}`, 0);
		}
	}
	const added = [...scalars].map(([name, value]) => [name, { shape: [1], data: Float32Array.of(value) }] as const);
	return new Map([...results, ...added]);
}
