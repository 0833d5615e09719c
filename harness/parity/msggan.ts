/** Goldens of MSG-GAN, made with akanimax/BMSG-GAN. */
import type * as tf from "@tensorflow/tfjs";
import type { Parameters } from "../../engine/parameters.ts";
import { relativisticAverageHinge } from "../../models/losses/adversarial.ts";
import { msgDiscriminator, msgGenerator } from "../../models/msg-gan.ts";
import type { Results } from "./compare.ts";
import type { Golden } from "./golden.ts";
import { runNet, type Tensors } from "./net.ts";
import type { ParitySystem } from "./system.ts";

export const msggan: ParitySystem = {
	parts: { generator: runGenerator, discriminator: runDiscriminator, losses: runLosses },
};

/** The pictures `<name>0`, `<name>1` … of the inputs, smallest first. */
function scalesOf(golden: Golden, inputs: Tensors, name: string): tf.Tensor4D[] {
	return Array.from({ length: golden.config.count("depth") }, (_, scale) => inputs[`${name}${scale}`] as tf.Tensor4D);
}

function runGenerator(golden: Golden): Results {
	const { config, tensors } = golden;
	return runNet(golden, (parameters) => {
		const channels = tensors.get("weight/rgb_converters.0.weight")?.shape[0] ?? 3;
		const options = { depth: config.count("depth"), latentSize: config.count("latent_size"), channels };
		const generator = msgGenerator(parameters, options);
		return ({ z }) =>
			Object.fromEntries(generator(z as tf.Tensor2D).map((picture, scale) => [`scale${scale}`, picture]));
	});
}

function discriminatorOf({ config, tensors }: Golden) {
	const channels = tensors.get("weight/final_converter.weight")?.shape[1] ?? 3;
	const options = { depth: config.count("depth"), featureSize: config.count("feature_size"), channels };
	return (parameters: Parameters) => msgDiscriminator(parameters, options);
}

function runDiscriminator(golden: Golden): Results {
	return runNet(golden, (parameters) => {
		const discriminator = discriminatorOf(golden)(parameters);
		return (inputs) => ({ score: discriminator(scalesOf(golden, inputs, "scale")) });
	});
}

function runLosses(golden: Golden): Results {
	return runNet(
		golden,
		(parameters) => {
			const discriminator = discriminatorOf(golden)(parameters);
			return (inputs) => ({
				score_real: discriminator(scalesOf(golden, inputs, "real")),
				score_fake: discriminator(scalesOf(golden, inputs, "fake")),
			});
		},
		{
			losses: {
				rel_hinge_d: (inputs, forward) => {
					const { score_real: real, score_fake: fake } = forward(inputs) as Record<string, tf.Tensor>;
					const terms = relativisticAverageHinge.discriminator(real as tf.Tensor, fake as tf.Tensor);
					return terms.real.add(terms.fake);
				},
				rel_hinge_g: (inputs, forward) => {
					const { score_real: real, score_fake: fake } = forward(inputs) as Record<string, tf.Tensor>;
					return relativisticAverageHinge.generator(fake as tf.Tensor, real as tf.Tensor);
				},
			},
		},
	);
}
