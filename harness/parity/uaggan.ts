/** Goldens of UAGGAN (TensorFlow's code, channels last). */
import * as tf from "@tensorflow/tfjs";
import { detach } from "../../engine/ops/detach.ts";
import { type Parameters, type TorchArray, tensorToTorch } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { evaluation } from "../../models/layers/layer.ts";
import { type Masked, maskedTranslator, type RoundTrips, roundTrips } from "../../models/layers/masked-translation.ts";
import { networksOf } from "../../models/layers/networks.ts";
import {
	type Phase,
	type UagganNetworkOptions,
	uagganAttention,
	uagganDiscriminator,
	uagganGenerator,
} from "../../models/layers/uaggan-networks.ts";
import type { UnpairedBatch } from "../../models/paper.ts";
import {
	uaggan as buildUaggan,
	uagganDiscriminatorLoss,
	uagganGeneratorTerms,
	uagganNetworks,
} from "../../models/uaggan.ts";
import type { Closeness, Results } from "./compare.ts";
import { type Golden, loadWeights, storedUnder, toTensor, toTorch } from "./golden.ts";
import { runNet, type Tensors } from "./net.ts";
import type { ParitySystem } from "./system.ts";
import { inputOf, restOfDraws, runTraining } from "./training.ts";

export const uaggan: ParitySystem = {
	parts: {
		attention: (golden) =>
			runNet(golden, (parameters) => {
				const layer = uagganAttention(optionsOf(golden))(parameters);
				return ({ image }, pass) => ({ y: layer(image as tf.Tensor4D, pass) });
			}),
		generator: (golden) =>
			runNet(golden, (parameters) => {
				const layer = uagganGenerator(optionsOf(golden))(parameters);
				return ({ image }, pass) => ({ y: layer(image as tf.Tensor4D, pass) });
			}),
		discriminator: (golden) =>
			runNet(golden, (parameters) => {
				const judge = uagganDiscriminator(optionsOf(golden))(parameters);
				const phase = phaseOf(golden, "donorm");
				return ({ image, mask }) => ({ y: judge(image as tf.Tensor4D, mask as tf.Tensor4D, phase) });
			}),
		whole: runWhole,
		train_step: runTrainStep,
	},
	rename: (golden) => (isTraining(golden) ? golden : rename(golden)),
	closeness: (golden) => (isTraining(golden) ? undefined : closenessOf(golden)),
};

/** Files of training are PyTorch's, under our names. */
const isTraining = ({ part }: Golden) => part.startsWith("train_step");

/** Iterations, with the switch where the file has it. */
function runTrainStep(golden: Golden): Results {
	const { config } = golden;
	const poolSize = config.count("pool_size");
	const gan = buildUaggan({
		ngf: config.count("ngf"),
		ndf: config.count("ndf"),
		blocks: config.count("blocks"),
		lambdaA: config.number("lambda_a"),
		lambdaB: config.number("lambda_b"),
		switchEpoch: config.count("switch_epoch"),
		epochLength: 1,
		threshold: config.number("threshold"),
		poolSize,
		rate: config.number("lr"),
		betas: [config.number("beta1"), config.number("beta2")],
		epsilonAt: config.choice("epsilon_at", ["corrected", "running"], "corrected"),
		sharedSteps: config.flag("shared_steps", false),
	});
	return runTraining(golden, {
		gan,
		batch: (iteration) => ({
			a: inputOf<tf.Tensor4D>(golden, "images_a", iteration),
			b: inputOf<tf.Tensor4D>(golden, "images_b", iteration),
		}),
		draws: (iteration) => ({
			pool_uniform: restOfDraws(golden, "pool_uniform", iteration, poolSize),
			pool_index: restOfDraws(golden, "pool_index", iteration, poolSize),
		}),
		steps: ["g_A_step", "d_B_step", "g_B_step", "d_A_step"],
	});
}

/** Widths from the file's settings; channels, kernels and blocks from the weights. */
function optionsOf({ config, tensors }: Golden): UagganNetworkOptions {
	const shapeOf = (layer: string) =>
		[...tensors].find(([name]) => new RegExp(`^weight/([\\w]+\\.)?${layer}\\.Conv\\.weight$`).test(name))?.[1].shape;
	const blocks = [...tensors.keys()].filter((name) => /^weight\/(g_A\.)?r\d+\.c1\.Conv\.weight$/.test(name)).length;
	const fourth = [...tensors].find(([name]) => /^weight\/(g_A_ae\.)?c4\.Conv\.weight$/.test(name))?.[1].shape;
	return {
		channels: shapeOf("c1")?.[1] ?? 3,
		ngf: config.count("ngf"),
		ndf: config.count("ndf"),
		...(blocks > 1 ? { blocks } : {}),
		kernels: fourth?.[2] === 3 ? "written" : "run",
		skip: config.flag("skip", false),
	};
}

const phaseOf = ({ config }: Golden, norm: string): Phase => ({
	threshold: config.number("transition_rate"),
	normed: config.flag(norm),
});

const words: Readonly<Record<string, string>> = { weights: "weight", biases: "bias", scale: "weight", offset: "bias" };

/** Norm variables that the code makes behind its last layers and never uses. */
const isUnused = (name: string) => /(^|[/.])(c6|d_[AB]\.c5)\.instance_norm\./.test(name);

/** Our names of the variables: `c1/Conv/weights` is `c1.Conv.weight`; the unused norms go, if their gradients are zero. */
function rename(golden: Golden): Golden {
	const isDiscriminator = golden.part.startsWith("discriminator");
	const tensors = [...golden.tensors].flatMap(([name, array]): [string, TorchArray][] => {
		if (!/^(weight|grad)\//.test(name)) return [[name, array]];
		const [kind, ...path] = name.split("/") as [string, ...string[]];
		const last = path.pop() as string;
		const ours = `${kind}/${[...path, words[last] ?? last].join(".")}`;
		const unused = isUnused(ours) || (isDiscriminator && /\/c5\.instance_norm\./.test(ours));
		return unused && (kind === "weight" || array.data.every((value) => value === 0)) ? [] : [[ours, array]];
	});
	return { ...golden, tensors: new Map(tensors) };
}

/**
 * As the folder's README says: 2e-5, and 1e-4 for gradients through instance norms. A whole composition, two generators deep,
 * is beyond what float32 holds to that: PyTorch in float32 misses it in 32 and 49 of 247 tensors, by up to 3.3 times (its
 * rounding of sums in convolutions; with those in float64 it keeps it). So it is allowed five times as much.
 */
function closenessOf(golden: Golden): Closeness {
	const times = golden.part.startsWith("whole") ? 5 : 1;
	return {
		outputs: 2e-5 * times,
		losses: 2e-5 * times,
		gradients: (name) => (passesNorm(golden, name) ? 1e-4 : 2e-5) * times,
		floor: (name) => zeroFloor(golden, name),
	};
}

/** Whether a gradient comes through instance norms: those of its network then have gradients of their own. */
function passesNorm({ tensors }: Golden, name: string): boolean {
	const network = /^grad\/([gd]_[AB](?:_ae)?)\./.exec(name)?.[1];
	const place = network === undefined ? "grad/" : `grad/${network}.`;
	const isActive = ([other, { data }]: [string, TorchArray]) =>
		other.startsWith(place) && other.endsWith("instance_norm.weight") && data.some((value) => value !== 0);
	return [...tensors].some(isActive);
}

/**
 * The gradient of a convolution's bias in front of a norm is zero: what rounding leaves of a sum is in proportion to its
 * terms, which are those of the weight's gradient.
 */
function zeroFloor({ tensors }: Golden, name: string): number | undefined {
	const layer = /^(grad\/.+)\.Conv(2d_transpose)?\.bias$/.exec(name);
	if (layer === null) return undefined;
	const norm = tensors.get(`${layer[1]}.instance_norm.weight`);
	if (norm === undefined || norm.data.every((value) => value === 0)) return undefined;
	const weight = tensors.get(name.replace(/bias$/, "weight")) as TorchArray;
	return Math.max(1e-7, 1e-5 * weight.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0));
}

/** Both directions and back, every score, and each network's gradient under its own loss. */
function runWhole(golden: Golden): Results {
	const phase = phaseOf(golden, "discriminator_norm");
	const { networks, layers } = networksOf(uagganNetworks(optionsOf(golden)), Random.seed(0));
	const results = new Map<string, TorchArray>();
	try {
		for (const [network, parameters] of Object.entries(networks)) {
			loadWeights(parameters, storedUnder(golden, `weight/${network}.`));
		}
		tf.tidy(() => {
			const inputs: Tensors = Object.fromEntries(
				[...storedUnder(golden, "input/")].map(([name, array]) => [name, toTensor(array)]),
			);
			const input = (name: string) => inputs[name] as tf.Tensor4D;
			const batch: UnpairedBatch = { a: input("images_a"), b: input("images_b") };
			const pool = (side: "a" | "b"): Masked => ({
				image: input(`fake_pool_${side}`),
				mask: input(`fake_pool_${side}_mask`),
			});
			const toB = maskedTranslator(layers.g_A, layers.g_A_ae);
			const toA = maskedTranslator(layers.g_B, layers.g_B_ae);
			const run = () => roundTrips(toB, toA, batch, evaluation);
			const generator = (trips: RoundTrips, side: "A" | "B") => {
				const [judge, made] = side === "A" ? [layers.d_B, trips.toB] : [layers.d_A, trips.toA];
				return uagganGeneratorTerms(judge, made, trips, batch, phase);
			};
			const generatorLoss = (side: "A" | "B") => {
				const terms = generator(run(), side);
				return tf.addN([tf.mul(terms.cycleA, 10), tf.mul(terms.cycleB, 10), terms.adversarial]) as tf.Scalar;
			};
			const discriminatorLoss = (side: "A" | "B") => {
				const { toA: ofB, toB: ofA } = run();
				const real = side === "A" ? { image: batch.a, mask: ofA.mask } : { image: batch.b, mask: ofB.mask };
				const fixed = { image: real.image, mask: detach(real.mask) };
				return uagganDiscriminatorLoss(layers[`d_${side}`], fixed, pool(side === "A" ? "a" : "b"), phase);
			};
			const put = (name: string, value: tf.Tensor) => results.set(name, toTorch(value));

			const trips = run();
			for (const [name, value] of Object.entries(shown(trips))) put(`output/${name}`, value);
			const { toB: fromA, toA: fromB } = trips;
			const scores = {
				prob_real_a_is_real: layers.d_A(batch.a, fromA.mask, phase),
				prob_real_b_is_real: layers.d_B(batch.b, fromB.mask, phase),
				prob_fake_a_is_real: layers.d_A(fromB.image, fromB.mask, phase),
				prob_fake_b_is_real: layers.d_B(fromA.image, fromA.mask, phase),
				prob_fake_pool_a_is_real: layers.d_A(pool("a").image, pool("a").mask, phase),
				prob_fake_pool_b_is_real: layers.d_B(pool("b").image, pool("b").mask, phase),
			};
			for (const [name, value] of Object.entries(scores)) put(`output/${name}`, value);
			put("loss/cycle_a_x10", tf.mul(generator(trips, "A").cycleA, 10));
			put("loss/cycle_b_x10", tf.mul(generator(trips, "A").cycleB, 10));
			put("loss/lsgan_a", generator(trips, "B").adversarial);
			put("loss/lsgan_b", generator(trips, "A").adversarial);
			for (const side of ["A", "B"] as const) {
				const own = { [`g_${side}`]: networks[`g_${side}`], [`g_${side}_ae`]: networks[`g_${side}_ae`] };
				gradients(results, `g_loss_${side}`, own, () => generatorLoss(side));
				gradients(results, `d_loss_${side}`, { [`d_${side}`]: networks[`d_${side}`] }, () => discriminatorLoss(side));
			}
		});
	} finally {
		for (const network of Object.values(networks)) network[Symbol.dispose]();
	}
	return results;
}

/** Pictures and masks by the names of the file. */
function shown({ toB, toA, backA, backB }: RoundTrips): Tensors {
	return {
		...{ mask_a: toB.mask, mask_b: toA.mask, mask_acycle: backB.mask, mask_bcycle: backA.mask },
		...{ g_A_of_a: toB.raw, g_B_of_b: toA.raw, g_A_of_fake_a: backB.raw, g_B_of_fake_b: backA.raw },
		...{ fake_images_b: toB.image, fake_images_a: toA.image },
		...{ cycle_images_a: backA.image, cycle_images_b: backB.image },
	};
}

/** A loss, and its gradients for its own networks. */
function gradients(
	results: Map<string, TorchArray>,
	name: string,
	networks: Readonly<Record<string, Parameters>>,
	loss: () => tf.Scalar,
): void {
	const entries = Object.entries(networks).flatMap(([network, parameters]) =>
		parameters.entries().map((entry) => ({ network, ...entry })),
	);
	const { value, grads } = tf.variableGrads(
		loss,
		entries.map(({ variable }) => variable),
	);
	results.set(`loss/${name}`, toTorch(value));
	for (const { network, name: key, variable, layout } of entries) {
		const gradient = grads[variable.name] ?? tf.zerosLike(variable);
		results.set(`grad/${network}.${key}`, tensorToTorch(gradient, layout));
	}
}
