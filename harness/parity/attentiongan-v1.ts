/** Goldens of AttentionGAN, scheme I (AGGAN). */
import type * as tf from "@tensorflow/tfjs";
import { aggan } from "../../models/aggan.ts";
import { agganDiscriminator, agganGenerator } from "../../models/layers/aggan-networks.ts";
import type { Results } from "./compare.ts";
import { channelsOf, type Golden, UnsupportedError } from "./golden.ts";
import { runNet } from "./net.ts";
import type { ParitySystem } from "./system.ts";
import { inputOf, restOfDraws, runTraining } from "./training.ts";

export const attentionganV1: ParitySystem = {
	parts: {
		generator: (golden) =>
			runNet(golden, (parameters) => {
				const { config } = golden;
				const generator = agganGenerator(parameters, {
					channels: channelsOf(golden, "input/image"),
					ngf: config.count("ngf"),
					blocks: config.count("n_blocks"),
				});
				return ({ image }, pass) => {
					const made = generator(image as tf.Tensor4D, pass);
					return { image: made.image, attention: made.masks as tf.Tensor4D, content: made.content };
				};
			}),
		discriminator: (golden) =>
			runNet(golden, (parameters) => {
				const channels = channelsOf(golden, "input/image");
				const layer = agganDiscriminator({ channels, ndf: ndfOf(golden) })(parameters);
				return ({ image }, pass) => ({ score: layer(image as tf.Tensor4D, pass) });
			}),
		train_step: runTrainStep,
	},
};

/** The widths of the code are 64, 128, 256, 512; files hold them divided. */
function ndfOf({ config }: Golden): number {
	const ndf = 64 / config.number("width_divisor", 1);
	if (!Number.isInteger(ndf)) throw new UnsupportedError(`config.width_divisor must divide 64, got ${64 / ndf}`);
	return ndf;
}

function runTrainStep(golden: Golden): Results {
	const { config } = golden;
	const rates = config.numbers("rates");
	const gan = aggan({
		channels: channelsOf(golden, "input/real_A/0"),
		ngf: config.count("ngf"),
		blocks: config.count("n_blocks"),
		ndf: ndfOf(golden),
		lambdaCycle: config.number("lambda_cycle"),
		lambdaPixel: config.number("lambda_pixel"),
		lambdaTv: config.number("lambda_reg"),
		share: (iteration) => rates[iteration] ?? Number.NaN,
		poolSize: config.count("buffer"),
		rate: config.number("lr"),
		betas: [config.number("beta1"), config.number("beta2")],
	});
	return runTraining(golden, {
		gan,
		batch: (iteration) => ({
			a: inputOf<tf.Tensor4D>(golden, "real_A", iteration),
			b: inputOf<tf.Tensor4D>(golden, "real_B", iteration),
		}),
		draws: (iteration) => ({
			pool_uniform: restOfDraws(golden, "buffer_uniform", iteration, config.count("buffer")),
			pool_index: restOfDraws(golden, "buffer_index", iteration, config.count("buffer")),
		}),
	});
}
