/** Goldens of SAGAN and its parts. */
import * as tf from "@tensorflow/tfjs";
import { Parameters, type TorchArray, tensorToTorch } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { training } from "../../models/layers/layer.ts";
import { selfAttention } from "../../models/layers/self-attention.ts";
import {
	type SpectralWeight,
	spectralConvolution,
	spectralTransposedConvolution,
	spectralWeight,
} from "../../models/layers/spectral-norm.ts";
import { saganDiscriminator, saganGenerator } from "../../models/sagan.ts";
import type { Results } from "./compare.ts";
import { type Golden, loadWeights, storedUnder, toTensor, toTorch, UnsupportedError } from "./golden.ts";
import { differentiate, runNet } from "./net.ts";
import type { ParitySystem } from "./system.ts";
import { watched } from "./watched.ts";

export const sagan: ParitySystem = {
	parts: {
		self_attention: (golden) =>
			runNet(golden, (parameters) => {
				const form = golden.config.choice("attention", ["community", "official"], "community");
				const block = selfAttention(golden.config.count("channels"), { form })(parameters);
				return ({ feature }, pass) =>
					watched(
						pass,
						() => "attention",
						(watching) => ({ feature: block(feature as tf.Tensor4D, watching) }),
					);
			}),
		spectral_norm: runSpectralNorm,
		generator: (golden) =>
			runNet(golden, (parameters) => {
				const { config } = golden;
				only64(golden);
				const generator = saganGenerator(parameters, {
					convDim: config.count("conv_dim"),
					zDim: config.count("z_dim"),
				});
				return ({ z }, pass) => {
					const outputs = watched(
						pass,
						(module) => module.replace("attn", "attention"),
						(watching) => ({ image: generator(z as tf.Tensor2D, watching) }),
					);
					// The file keeps every sixteenth query of the first attention.
					const rows = tf.range(0, outputs["attention1"]?.shape[1] ?? 0, 16, "int32");
					return { ...outputs, attention1: tf.gather(outputs["attention1"] as tf.Tensor, rows, 1) };
				};
			}),
		discriminator: (golden) =>
			runNet(golden, (parameters) => {
				only64(golden);
				const discriminator = saganDiscriminator(parameters, { convDim: golden.config.count("conv_dim") });
				return ({ image }, pass) => ({ score: discriminator(image as tf.Tensor4D, pass) });
			}),
	},
};

function only64({ config }: Golden): void {
	const size = config.count("image_size");
	if (size !== 64) throw new UnsupportedError(`config.image_size must be 64, got ${size}`);
}

/** Three passes of one convolution; the last one is differentiated. */
function runSpectralNorm(golden: Golden): Results {
	const { config } = golden;
	const isTransposed = config.choice("kind", ["conv", "conv_transpose"]) === "conv_transpose";
	const [input, output, kernel] = [config.count("cin"), config.count("cout"), config.count("kernel")];
	if (config.count("power_iterations", 1) !== 1) throw new UnsupportedError("config.power_iterations must be 1");
	const geometry = { kernel, stride: config.count("stride"), padding: config.count("padding") };
	const block = (isTransposed ? spectralTransposedConvolution : spectralConvolution)(input, output, geometry);
	const layout = isTransposed ? "conv-transpose" : "conv";
	const weights = storedUnder(golden, "weight/module.");
	const results = new Map<string, TorchArray>();
	using parameters = new Parameters(Random.seed(0));
	const layer = block(parameters.at("module"));
	const load = () => loadWeights(parameters, storedUnder(golden, "weight/"));
	// A second copy of the weight, stepped alongside, shows what the layer keeps to itself.
	using twin = new Parameters(Random.seed(0));
	const sides: [number, number, number, number] = isTransposed
		? [kernel, kernel, output, input]
		: [kernel, kernel, input, output];
	const normalized = spectralWeight(twin, sides, layout, () => new Float32Array(kernel * kernel * input * output));
	for (const { name } of twin.entries()) twin.write(name, weights.get(name) as TorchArray);
	load();
	tf.tidy(() => {
		const inputs = Object.fromEntries(
			[...storedUnder(golden, "input/")].map(([name, array]) => [name, toTensor(array)]),
		);
		const feature = inputs["feature"] as tf.Tensor4D;
		for (const pass of [0, 1, 2]) {
			results.set(`output/${pass}/feature`, toTorch(layer(feature, training)));
			const { weight, sigma }: SpectralWeight = normalized(training);
			results.set(`output/${pass}/weight_normalised`, tensorToTorch(weight, layout));
			results.set(`output/${pass}/sigma`, toTorch(sigma));
			for (const name of ["u", "v"]) results.set(`output/${pass}/${name}`, parameters.read(`module.weight_${name}`));
		}
		load();
		for (let pass = 0; pass < 2; pass += 1) layer(feature, training);
		differentiate(results, golden, parameters, inputs, "total", ({ feature: x, cotangent_feature: cotangent }) =>
			tf.mean(tf.mul(layer(x as tf.Tensor4D, training), cotangent as tf.Tensor)),
		);
	});
	return results;
}
