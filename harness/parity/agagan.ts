/** Goldens of AGA-GAN and its U-Net, made with the authors' Keras functions. */
import * as tf from "@tensorflow/tfjs";
import { agaGan } from "../../models/aga-gan.ts";
import { agaDiscriminator, agaDiscriminatorLayers } from "../../models/layers/aga-discriminator.ts";
import { agaGenerator, agaGeneratorLayers } from "../../models/layers/aga-generator.ts";
import { dualAttentionLayers, dualAttentionNetwork } from "../../models/layers/dual-attention.ts";
import type { Results } from "./compare.ts";
import { type Golden, stored, UnsupportedError } from "./golden.ts";
import { runNet, type Tensors } from "./net.ts";
import type { ParitySystem } from "./system.ts";
import { drawOf, inputOf, runTraining } from "./training.ts";

export const agagan: ParitySystem = {
	parts: { gen: runGenerator, disc: runDiscriminator, unet: runUnet, train_step: runTrainStep },
	rename: (golden) => (isTraining(golden) ? golden : renamed(golden, layersOf(golden))),
	// The README's: what float32 leaves of sums that the files hold as float64 gave them.
	closeness: (golden) => (isTraining(golden) ? undefined : { outputs: 2e-5, gradients: 2e-5, losses: 2e-5 }),
};

/** Files of training are PyTorch's, under our names. */
const isTraining = ({ part }: Golden) => part.startsWith("train_step");

/** The Keras layers by the names of our parts. */
function layersOf(golden: Golden): Record<string, string> {
	const { part, config } = golden;
	if (part.startsWith("gen")) return agaGeneratorLayers(config.number("scale"));
	if (part.startsWith("disc")) return agaDiscriminatorLayers(scaleOf(golden), branchOf(golden));
	return dualAttentionLayers();
}

/** `weight/conv2d_3/kernel` as `weight/a1.weight`, and gradients so; layers without a part of ours keep their names. */
function renamed(golden: Golden, layers: Readonly<Record<string, string>>): Golden {
	const ours = new Map(Object.entries(layers).map(([part, layer]) => [layer, part]));
	const rename = (name: string) =>
		name.replace(/^(weight|grad)\/(.+)\/(kernel|bias)$/, (whole, kind: string, layer: string, array: string) => {
			const part = ours.get(layer);
			return part === undefined ? whole : `${kind}/${part}.${array === "kernel" ? "weight" : array}`;
		});
	return { ...golden, tensors: new Map([...golden.tensors].map(([name, array]) => [rename(name), array])) };
}

/** Slopes and order of axes are the code's own. */
function requireKnown({ config }: Golden): void {
	const [leaky, dense] = [config.number("leaky", 0.25), config.number("leaky_dense", 0.2)];
	if (leaky !== 0.25) throw new UnsupportedError(`config.leaky must be 0.25, got ${leaky}`);
	if (dense !== 0.2) throw new UnsupportedError(`config.leaky_dense must be 0.2, got ${dense}`);
	config.choice("flatten", ["channel last"], "channel last");
}

/** The files say the width only by what it was divided by. */
function widthOf(golden: Golden): number {
	requireKnown(golden);
	const { config } = golden;
	const width = 32 / config.number("width_divisor");
	if (!Number.isInteger(width)) throw new UnsupportedError(`config.width_divisor must divide 32, got ${32 / width}`);
	return width;
}

const blockOf = ({ config }: Golden) => config.choice("block", ["code", "figure"], "code");

const attributesOf = (golden: Golden) => stored(golden, "input/attributes").shape[1] as number;

function runGenerator(golden: Golden): Results {
	return runNet(golden, (parameters) => {
		const generator = agaGenerator(parameters, {
			scale: golden.config.number("scale"),
			lowSize: golden.config.count("low_resolution"),
			attributes: attributesOf(golden),
			width: widthOf(golden),
			block: blockOf(golden),
		});
		return ({ image, attributes }) => {
			const made = generator(image as tf.Tensor4D, attributes as tf.Tensor2D);
			const masks = made.masks.map((mask, index) => [`mask${index + 1}`, mask] as const);
			return { y: made.image, ...Object.fromEntries(masks) };
		};
	});
}

/** 16 where the picture is halved three times before it meets the attributes' features of twice the side. */
function scaleOf({ config }: Golden): number {
	const halvings = Math.log2(config.count("high_resolution") / (2 * config.count("attribute_side")));
	if (halvings !== 2 && halvings !== 3) {
		throw new UnsupportedError(`config.high_resolution must be 8 or 16 times attribute_side, got 2^${halvings + 1}`);
	}
	return halvings === 3 ? 16 : 8;
}

const branchOf = ({ tensors }: Golden) =>
	tensors.has("weight/conv2d_transpose/kernel") || tensors.get("weight/a4.weight")?.shape[2] === 4
		? "transposed"
		: "sub-pixel";

function runDiscriminator(golden: Golden): Results {
	return runNet(golden, (parameters) => {
		const discriminator = agaDiscriminator(parameters, {
			scale: scaleOf(golden),
			highSize: golden.config.count("high_resolution"),
			attributes: attributesOf(golden),
			width: widthOf(golden),
			branch: branchOf(golden),
		});
		return ({ image, attributes }) => {
			const { probability, dense } = discriminator(image as tf.Tensor4D, attributes as tf.Tensor2D);
			return { y: probability, dense1: dense };
		};
	});
}

function runUnet(golden: Golden): Results {
	return runNet(golden, (parameters) => {
		const width = widthOf(golden);
		const network = dualAttentionNetwork(parameters, { width, reduction: golden.config.count("se_ratio") });
		return ({ image }, pass): Tensors => {
			const seen: Record<string, tf.Tensor> = {};
			const observe = (name: string, gate: tf.Tensor3D) => {
				// [N, 1, C] of channels, [N, H, W] of positions; kept beyond the network's own scope.
				seen[name] = tf.keep(name.startsWith("channel") ? tf.squeeze(gate, [1]) : tf.expandDims(gate, 3));
			};
			const y = network(image as tf.Tensor4D, { ...pass, observe });
			const copies = Object.entries(seen).map(([name, gate]) => [name, gate.clone()]);
			tf.dispose(seen);
			return { y, ...Object.fromEntries(copies) };
		};
	});
}

/** Iterations without the VGG19 term. */
function runTrainStep(golden: Golden): Results {
	const { config } = golden;
	const gan = agaGan({
		scale: config.number("scale"),
		lowSize: config.count("low_resolution"),
		attributes: stored(golden, "input/attributes/0").shape[1] as number,
		width: widthOf(golden),
		block: blockOf(golden),
		branch: config.choice("branch", ["sub-pixel", "transposed"]),
		lambdaAdversarial: config.number("lambda_adversarial"),
		rate: config.number("lr"),
		betas: [config.number("beta1"), config.number("beta2")],
		epsilonAt: config.choice("epsilon_at", ["corrected", "running"], "corrected"),
		sharedSteps: config.flag("shared_steps"),
	});
	return runTraining(golden, {
		gan,
		batch: (iteration) => ({
			low: inputOf<tf.Tensor4D>(golden, "low", iteration),
			high: inputOf<tf.Tensor4D>(golden, "high", iteration),
			labels: inputOf<tf.Tensor2D>(golden, "attributes", iteration),
		}),
		draws: (iteration) => ({
			real: drawOf(golden, "real", iteration),
			fake: drawOf(golden, "fake", iteration),
			deceive: drawOf(golden, "deceive", iteration),
		}),
		steps: ["D_real", "D_fake", "G_step"],
	});
}
