/** Goldens of SAG-GAN (an independent implementation of the paper). */
import * as tf from "@tensorflow/tfjs";
import { detach } from "../../engine/ops/detach.ts";
import { Parameters, type TorchArray } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { amse } from "../../models/layers/amse.ts";
import { type Block, evaluation, type Layer, training } from "../../models/layers/layer.ts";
import {
	maskedTranslator,
	type RoundTrips,
	roundTrips,
	type Translation,
} from "../../models/layers/masked-translation.ts";
import { spectralPatchgan } from "../../models/layers/patchgan.ts";
import {
	type SagGeneratorTerms,
	type SagNetworkName,
	type SagNetworkOptions,
	type SagWeights,
	sagAttention,
	sagDiscriminatorTerms,
	sagGeneratorTerms,
	sagNetworks,
	sagTotal,
} from "../../models/layers/sag-networks.ts";
import { type Adversarial, leastSquares, logistic } from "../../models/losses/adversarial.ts";
import type { UnpairedBatch } from "../../models/paper.ts";
import { sagGan } from "../../models/sag-gan.ts";
import type { Results } from "./compare.ts";
import { type Golden, loadWeights, storedUnder, toTensor, toTorch, UnsupportedError } from "./golden.ts";
import { differentiate, type NetLoss, runNet, type Tensors } from "./net.ts";
import type { ParitySystem } from "./system.ts";
import { inputOf, runTraining } from "./training.ts";

export const saggan: ParitySystem = {
	parts: {
		amse_block: runBlock,
		generator: (golden) => {
			const channels = golden.config.count("nc");
			return runLayer(golden, "image", sagNetworks(optionsOf(golden, { channels })).G_NT);
		},
		attention: (golden) => {
			const [channels, ngfAttention] = [golden.config.count("nc"), golden.config.count("ngf")];
			const reduction = golden.config.count("reduction");
			return runLayer(golden, "mask", sagAttention({ channels, ngfAttention, reduction }));
		},
		discriminator: runDiscriminator,
		composition: runComposition,
		train_step: runTrainStep,
	},
};

/** The widths that a file names, and the norms of the generators' AMSE blocks as its weights show them. */
function optionsOf({ config, tensors }: Golden, given: SagNetworkOptions): SagNetworkOptions {
	const isAffine = [...tensors.keys()].some((name) => /\bmodel\.\d+\.conv_block\.2\.weight$/.test(name));
	return {
		ngf: config.count("ngf"),
		blocks: config.count("n_blocks"),
		reduction: config.count("reduction"),
		amseNorm: isAffine ? "affine" : "plain",
		...given,
	};
}

const systemOptions = (golden: Golden) =>
	optionsOf(golden, {
		channels: golden.config.count("nc", 1),
		ngfAttention: golden.config.count("ngf_attention"),
		ndf: golden.config.count("ndf"),
	});

function runLayer(golden: Golden, output: string, block: Block): Results {
	return runNet(golden, (parameters) => {
		const layer = block(parameters);
		return ({ image }, pass) => ({ [output]: layer(image as tf.Tensor4D, pass) });
	});
}

function runBlock(golden: Golden): Results {
	const { config } = golden;
	return runNet(golden, (parameters) => {
		const block = amse(parameters, config.count("channels"), {
			reduction: config.count("reduction"),
			affine: config.flag("affine"),
		});
		return ({ feature }, pass) => ({ ...block(feature as tf.Tensor4D, pass) });
	});
}

type Layers = Record<SagNetworkName, Layer>;

const forms = { lsgan: leastSquares, log: logistic } as const;

/** Both directions and back in evaluation mode, and every loss with its gradients. */
function runComposition(golden: Golden): Results {
	const { config } = golden;
	const weights = {
		lambdaGan: config.number("lambda_gan"),
		lambdaCyc: config.number("lambda_cyc"),
		lambdaMask: config.number("lambda_mask"),
	};
	let layers: Layers | undefined;
	const run = ({ normal, tumour, label }: Tensors) => {
		const all = layers as Layers;
		const batch = { a: normal, b: tumour, masks: label } as UnpairedBatch;
		const [toT, toN] = [maskedTranslator(all.G_NT, all.A_N), maskedTranslator(all.G_TN, all.A_T)];
		const pictures = roundTrips(toT, toN, batch, evaluation);
		const generator = (form: Adversarial) => sagGeneratorTerms(all, pictures, batch, form, evaluation);
		const judge = (name: "D_T" | "D_N", form: Adversarial) => {
			const made = name === "D_T" ? pictures.toB : pictures.toA;
			const [mask, image] = [detach(made.mask), detach(made.image)];
			const real = { image: name === "D_T" ? batch.b : batch.a, mask };
			return sagDiscriminatorTerms(all[name], real, { image, mask }, form, evaluation);
		};
		return { all, batch, pictures, generator, judge };
	};
	const losses: Record<string, NetLoss> = {
		mask: (inputs) => run(inputs).generator(leastSquares).mask as tf.Scalar,
	};
	for (const [gan, form] of Object.entries(forms)) {
		losses[gan] = (inputs) => sagTotal(run(inputs).generator(form), weights);
		losses[`${gan}_adv`] = (inputs) => {
			const { G_D_T, G_D_N } = run(inputs).generator(form);
			return tf.add(G_D_T, G_D_N);
		};
		for (const name of ["D_T", "D_N"] as const) {
			losses[`${gan}_${name}`] = (inputs) => run(inputs).judge(name, form).loss;
		}
	}
	const results = runNet(
		golden,
		(parameters) => {
			const blocks = Object.entries(sagNetworks(systemOptions(golden)));
			layers = Object.fromEntries(blocks.map(([name, block]) => [name, block(parameters.at(name))])) as Layers;
			return (inputs) => {
				const { all, batch, pictures, generator, judge } = run(inputs);
				const terms = Object.entries(forms).map(([gan, form]) => scalars(gan, generator(form), judge, form, weights));
				return { ...shown(all, batch, pictures), ...Object.assign({}, ...terms) };
			};
		},
		{ losses, pass: evaluation },
	);
	// Scalars travel among the outputs.
	return new Map([...results].map(([name, array]) => [name.replace(/^output\/loss\//, "loss/"), array]));
}

/** Every picture on the way, by the names of the file. */
function shown(
	layers: Layers,
	{ a, b }: UnpairedBatch,
	{ toB: toT, toA: toN, backA: backN, backB: backT }: RoundTrips,
): Tensors {
	const parts = (of: Translation, x: tf.Tensor4D) => ({
		foreground: tf.mul(of.mask, of.raw),
		background: tf.mul(tf.sub(1, of.mask), x),
	});
	const [partsT, partsN] = [parts(toT, a), parts(toN, b)];
	const inputs = {
		D_T_in_real: tf.mul(toT.mask, b) as tf.Tensor4D,
		D_T_in_fake: tf.mul(toT.mask, toT.image) as tf.Tensor4D,
		D_N_in_real: tf.mul(toN.mask, a) as tf.Tensor4D,
		D_N_in_fake: tf.mul(toN.mask, toN.image) as tf.Tensor4D,
	};
	return {
		...inputs,
		D_T_score_real: layers.D_T(inputs.D_T_in_real, evaluation),
		D_T_score_fake: layers.D_T(inputs.D_T_in_fake, evaluation),
		D_N_score_real: layers.D_N(inputs.D_N_in_real, evaluation),
		D_N_score_fake: layers.D_N(inputs.D_N_in_fake, evaluation),
		...{ mask_n: toT.mask, mask_t: toN.mask, raw_t: toT.raw, raw_n: toN.raw },
		...{ fake_t: toT.image, fake_n: toN.image, rec_n: backN.image, rec_t: backT.image },
		...{ rec_mask_n: backN.mask, rec_mask_t: backT.mask, rec_raw_n: backN.raw, rec_raw_t: backT.raw },
		...{ foreground_t: partsT.foreground, background_n: partsN.background },
		...{ foreground_n: partsN.foreground, background_t: partsT.background },
	};
}

/** Every term by the name of its loss in the file. */
function scalars(
	gan: string,
	terms: SagGeneratorTerms,
	judge: (name: "D_T" | "D_N", form: Adversarial) => ReturnType<typeof sagDiscriminatorTerms>,
	form: Adversarial,
	weights: SagWeights,
): Tensors {
	const [ofT, ofN] = [judge("D_T", form), judge("D_N", form)];
	const named = {
		...{ G_D_T: terms.G_D_T, G_D_N: terms.G_D_N, total: sagTotal(terms, weights) },
		...{ D_T: ofT.loss, D_T_real: ofT.real, D_T_fake: ofT.fake },
		...{ D_N: ofN.loss, D_N_real: ofN.real, D_N_fake: ofN.fake },
		// Eq. 6 and 7 as printed: what D maximises.
		...{ L_AGAN_N: tf.neg(tf.add(ofT.real, ofT.fake)), L_AGAN_T: tf.neg(tf.add(ofN.real, ofN.fake)) },
	};
	return {
		...Object.fromEntries(Object.entries(named).map(([name, term]) => [`loss/${gan}/${name}`, term])),
		"loss/cycle": tf.add(terms.cycle_n, terms.cycle_t),
		"loss/cycle_n": terms.cycle_n,
		"loss/cycle_t": terms.cycle_t,
	};
}

/** Three passes of the discriminator on the same masked picture; the last one is differentiated. */
function runDiscriminator(golden: Golden): Results {
	const { config } = golden;
	if (config.count("power_iterations", 1) !== 1) throw new UnsupportedError("config.power_iterations must be 1");
	const results = new Map<string, TorchArray>();
	using parameters = new Parameters(Random.seed(0));
	const layer = spectralPatchgan({ channels: config.count("nc"), ndf: config.count("ndf") })(parameters);
	const load = () => loadWeights(parameters, storedUnder(golden, "weight/"));
	tf.tidy(() => {
		const inputs = Object.fromEntries(
			[...storedUnder(golden, "input/")].map(([name, array]) => [name, toTensor(array)]),
		);
		const score = ({ image, mask }: Tensors) => layer(tf.mul(mask as tf.Tensor4D, image as tf.Tensor4D), training);
		load();
		for (const pass of [0, 1, 2]) {
			results.set(`output/${pass}/score`, toTorch(score(inputs)));
			for (const [name, array] of vectors(parameters)) results.set(`output/${pass}/${name}`, array);
		}
		load();
		for (let pass = 0; pass < 2; pass += 1) score(inputs);
		differentiate(results, golden, parameters, inputs, "total", (given) =>
			tf.mean(tf.mul(score(given), given["cotangent_score"] as tf.Tensor)),
		);
	});
	return results;
}

/** u, v and sigma = u · Wv of every normalised convolution after a pass. */
function vectors(parameters: Parameters): [name: string, array: TorchArray][] {
	const layers = parameters.entries().flatMap(({ name }) => (name.endsWith(".weight_u") ? [name.slice(0, -9)] : []));
	return layers.flatMap((layer): [string, TorchArray][] => {
		const [u, v, bar] = ["u", "v", "bar"].map((part) => parameters.read(`${layer}.weight_${part}`)) as [
			TorchArray,
			TorchArray,
			TorchArray,
		];
		const sigma = u.data.reduce((sum, left, row) => {
			const products = v.data.map((right, at) => right * (bar.data[row * v.data.length + at] as number));
			return sum + left * products.reduce((total, product) => total + product, 0);
		}, 0);
		return [
			[`${layer}.u`, u],
			[`${layer}.v`, v],
			[`${layer}.sigma`, { shape: [1], data: Float32Array.of(sigma) }],
		];
	});
}

function runTrainStep(golden: Golden): Results {
	const { config } = golden;
	if (config.count("pool_size") !== 0) throw new UnsupportedError("config.pool_size must be 0");
	const gan = sagGan({
		...systemOptions(golden),
		adversarial: config.choice("gan", ["lsgan", "log"]),
		lambdaGan: config.number("lambda_gan"),
		lambdaCyc: config.number("lambda_cyc"),
		lambdaMask: config.number("lambda_mask"),
		poolSize: 0,
		rate: config.number("lr"),
		betas: [config.number("beta1"), config.number("beta2")],
	});
	return runTraining(golden, {
		gan,
		batch: (iteration) => ({
			a: inputOf<tf.Tensor4D>(golden, "normal", iteration),
			b: inputOf<tf.Tensor4D>(golden, "tumour", iteration),
			masks: inputOf<tf.Tensor4D>(golden, "label", iteration),
		}),
		draws: () => ({}),
	});
}
