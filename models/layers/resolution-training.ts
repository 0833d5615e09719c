/**
 * Training of super-resolution systems (the code of FASRGAN and Fs-SRGAN, made on BasicSR): one step of the generator on pixel,
 * perceptual, adversarial, map and attention terms, then one of the discriminator on the same upscaled pictures. A shared
 * extractor E stands in front of both networks and is trained by both optimisers, each with a state of its own.
 *
 * Batches lie in [-1, 1] as everywhere in models/, networks and losses work on [0, 1] as the code does: the step halves and
 * shifts what it is given, `upscale` clamps and maps back. `range: "unit"` takes batches as they are.
 */
import * as tf from "@tensorflow/tfjs";
import { Adam } from "../../engine/adam.ts";
import { detach } from "../../engine/ops/detach.ts";
import { withoutGradient } from "../../engine/ops/without-gradient.ts";
import { Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { logistic } from "../losses/adversarial.ts";
import { fineGrainedAttention, mapEntropy } from "../losses/fine-grained-attention.ts";
import { type FeatureFunction, perceptual } from "../losses/perceptual.ts";
import { meanAbsolute } from "../losses/reconstruction.ts";
import { generatorTerms, relativisticEntropy, relativisticHinge } from "../losses/relativistic.ts";
import { type Gan, type Losses, type ResolutionBatch, required, type Watch } from "../paper.ts";
import type { Judge, JudgeBlock, Judgement } from "./judge.ts";
import { type Block, evaluation, type Pass, training } from "./layer.ts";
import { Ledger } from "./ledger.ts";
import { minimize, trainedVariables } from "./minimize.ts";

/** Weights of the generator's terms; a term of weight 0 is left out, or only noted where a step is watched. */
export interface ResolutionWeights {
	/** Of mean |fake − real|, or its square. */
	readonly pixelWeight: number;
	/** Of the perceptual term, where a feature function is given. */
	readonly perceptualWeight: number;
	/** Of the adversarial term on scores. */
	readonly ganWeight: number;
	/** Of the adversarial term on the map. */
	readonly mapWeight: number;
	/** Of the fine-grained attention. */
	readonly attentionWeight: number;
}

export interface ResolutionTrainingOptions extends Partial<ResolutionWeights> {
	/** @default "l1" */
	readonly pixel?: "l1" | "l2";
	/** Gives the perceptual term its features; without it the term is off. */
	readonly perceptual?: FeatureFunction | undefined;
	/** @default "l1" */
	readonly perceptualDistance?: "l1" | "l2";
	/** Relativistic average with cross entropy or hinge, or the plain log form. @default "relativistic" */
	readonly adversarial?: "relativistic" | "relativistic-hinge" | "log";
	/** What batches hold: [-1, 1] or [0, 1]. @default "signed" */
	readonly range?: "signed" | "unit";
	/** Adam's rate of the generator, and of E by its loss. @default 1e-4 */
	readonly gRate?: number;
	/** Adam's rate of the discriminator, and of E by its loss. @default 1e-4 */
	readonly dRate?: number;
	/** @default [0.9, 0.999] */
	readonly betas?: readonly [number, number];
	/** Of the initial weights. @default 0 */
	readonly seed?: number;
}

export interface ResolutionSystem {
	readonly id: string;
	/** G: low-resolution pictures, or their features where there is an extractor, to high-resolution pictures. */
	readonly generator: Block;
	/** E: pictures of any size to their features. */
	readonly extractor?: Block;
	/** D, of pictures or of their features. Without it only the pixel term is trained (PSNR-oriented pre-training). */
	readonly discriminator?: JudgeBlock;
}

export interface ResolutionGan extends Gan<ResolutionBatch> {
	/** Pictures [N, H, W, 3] in [-1, 1], made larger, clamped to [-1, 1]; the caller disposes. */
	upscale(low: tf.Tensor4D): tf.Tensor4D;
	/** One step of the generator on the pixel term alone (mean |fake − real|): the pre-training that a GAN starts from. */
	warmUp(batch: ResolutionBatch): Losses;
	/** The discriminator's map for pictures [N, H, W, 3] in [-1, 1]: σ of its logits, [N, H, W, 3]. Absent without a map. */
	readonly judgeMap?: (images: tf.Tensor4D) => tf.Tensor4D;
	/** False where the perceptual term has a weight but no network to give it features. */
	readonly isPerceptual: boolean;
}

/** Builds the networks and optimisers of a system and the steps that train it. */
export function resolutionTraining(system: ResolutionSystem, options: ResolutionTrainingOptions = {}): ResolutionGan {
	const { pixelWeight = 1e-2, perceptualWeight = 1, ganWeight = 5e-3, mapWeight = 0, attentionWeight = 0 } = options;
	const { pixel = "l1", perceptual: features, perceptualDistance = "l1", adversarial = "relativistic" } = options;
	const { gRate = 1e-4, dRate = 1e-4, betas: [beta1, beta2] = [0.9, 0.999], seed = 0, range = "signed" } = options;
	const others = [pixelWeight, ganWeight, mapWeight, attentionWeight];
	if (features === undefined && perceptualWeight !== 0 && others.every((weight) => weight === 0)) {
		throw new RangeError(
			`${system.id}: a term of G must have a weight beside the perceptual one, which has no features`,
		);
	}
	const random = Random.seed(seed);
	const parametersOf = (name: string) => new Parameters(random.split(name));
	const E = system.extractor === undefined ? undefined : parametersOf("E");
	const G = parametersOf("G");
	const D = system.discriminator === undefined ? undefined : parametersOf("D");
	const extract = E === undefined ? undefined : system.extractor?.(E);
	const generate = system.generator(G);
	const judge: Judge | undefined = D === undefined ? undefined : system.discriminator?.(D);
	const trainedG = { ...(E === undefined ? {} : { E }), G };
	const trainedD = { ...(E === undefined ? {} : { E }), ...(D === undefined ? {} : { D }) };
	const optimizerOf = (networks: typeof trainedG | typeof trainedD, rate: number) =>
		new Adam(trainedVariables(networks), { rate, beta1, beta2 });
	const optimizers = {
		G: optimizerOf(trainedG, gRate),
		...(judge === undefined ? {} : { D: optimizerOf(trainedD, dRate) }),
	};

	const seen = (x: tf.Tensor4D, pass: Pass) => extract?.(x, pass) ?? x;
	const larger = (low: tf.Tensor4D, pass: Pass) => tf.tidy(() => generate(seen(low, pass), pass));
	const toUnit = (x: tf.Tensor4D): tf.Tensor4D => (range === "unit" ? x : unit(x));
	const pixelLoss = (fake: tf.Tensor4D, real: tf.Tensor4D): tf.Scalar =>
		pixel === "l1" ? meanAbsolute(fake, real) : tf.mean(tf.square(tf.sub(fake, real)));

	/** The adversarial term on scores, unweighted. */
	const deceive = (fake: Judgement, real: () => Judgement, ledger: Ledger): tf.Scalar => {
		if (adversarial === "log") return logistic.generator(fake.score, fake.score);
		const form = adversarial === "relativistic" ? relativisticEntropy : relativisticHinge;
		const terms = generatorTerms(form, fake.score, real().score);
		ledger.record("G_gan_real_rel", terms.real);
		ledger.record("G_gan_fake_rel", terms.fake);
		return half(terms.real, terms.fake);
	};

	const generatorLoss = (
		{ judge: score }: Judge,
		low: tf.Tensor4D,
		real: tf.Tensor4D,
		target: tf.Tensor | undefined,
		ledger: Ledger,
		keep: (name: string, picture: tf.Tensor4D) => void,
		isWatched: boolean,
	): tf.Scalar => {
		const features4low = seen(low, training);
		if (extract !== undefined) keep("feature_lr", features4low);
		const fake = generate(features4low, training);
		keep("sr", fake);
		const terms: tf.Scalar[] = [];
		const add = (name: string, weight: number, term: () => tf.Scalar) => {
			if (weight === 0 && !isWatched) return;
			const weighted = ledger.record(name, tf.mul<tf.Scalar>(term(), weight));
			if (weight !== 0) terms.push(weighted);
		};
		add("G_pixel_weighted", pixelWeight, () => pixelLoss(fake, real));
		if (features !== undefined && target !== undefined) {
			add("G_perceptual_weighted", perceptualWeight, () => perceptual(features, fake, target, perceptualDistance));
		}
		const judged = score(seen(fake, training), training);
		// The order of the code, fakes first: the running statistics keep it. No gradient flows through the real side.
		const isCompared = adversarial !== "log" || (judged.map !== undefined && (mapWeight !== 0 || isWatched));
		const real4fake = isCompared ? withoutGradient(() => score(seen(real, training), training)) : undefined;
		add("G_gan_weighted", ganWeight, () => deceive(judged, () => real4fake as Judgement, ledger));
		const { map } = judged;
		if (map !== undefined) {
			keep("map_fake", map);
			const mapTerm = () => {
				const ofReal = ledger.record("G_map_real", mapEntropy(real4fake?.map as tf.Tensor4D, "fake"));
				return half(ofReal, ledger.record("G_map_fake", mapEntropy(map, "real")));
			};
			if (mapWeight !== 0) terms.push(tf.mul<tf.Scalar>(mapTerm(), mapWeight));
			else if (isWatched) mapTerm();
			add("G_attention_weighted", attentionWeight, () => fineGrainedAttention(fake, real, map));
		}
		// Without a weighted term G stands still.
		const total: tf.Scalar = terms.length === 0 ? tf.mul(pixelLoss(fake, real), 0) : tf.addN(terms);
		return ledger.record("G_total", total);
	};

	const discriminatorLoss = (
		{ judge: score }: Judge,
		real: tf.Tensor4D,
		fake: tf.Tensor4D,
		ledger: Ledger,
	): tf.Scalar => {
		const ofReal = score(seen(real, training), training);
		const ofFake = score(seen(fake, training), training);
		const form = { relativistic: relativisticEntropy, "relativistic-hinge": relativisticHinge, log: logistic }[
			adversarial
		];
		const terms = form.discriminator(ofReal.score, ofFake.score);
		ledger.record("D_real", terms.real);
		ledger.record("D_fake", terms.fake);
		const scores: tf.Scalar = adversarial === "log" ? tf.add(terms.real, terms.fake) : half(terms.real, terms.fake);
		// All terms of D weigh 1, whatever those of G weigh.
		if (ofReal.map === undefined || ofFake.map === undefined) return ledger.record("D_total", scores);
		const mapReal = ledger.record("D_map_real", mapEntropy(ofReal.map, "real"));
		const mapFake = ledger.record("D_map_fake", mapEntropy(ofFake.map, "fake"));
		return ledger.record("D_total", tf.add(scores, half(mapReal, mapFake)));
	};

	const step = ({ low, high }: ResolutionBatch, judge: Judge, ledger: Ledger, watch?: Watch) => {
		const [small, real] = [toUnit(low), toUnit(high)];
		const target = features === undefined || perceptualWeight === 0 ? undefined : features(real);
		const made: Record<string, tf.Tensor4D> = {};
		const keep = (name: string, picture: tf.Tensor4D) => {
			if (name === "sr" || watch?.output !== undefined) made[name] = tf.keep(picture.clone());
		};
		try {
			const loss = () => generatorLoss(judge, small, real, target, ledger, keep, watch !== undefined);
			minimize(optimizers.G, trainedG, loss, watch);
			target?.dispose();
			for (const [name, picture] of Object.entries(made)) watch?.output?.(name, picture);
			const fake = detach(made["sr"] as tf.Tensor4D);
			minimize(optimizers.D as Adam, trainedD, () => discriminatorLoss(judge, real, fake, ledger), watch);
		} finally {
			tf.dispose(made);
		}
	};

	const warmUp = ({ low, high }: ResolutionBatch, watch?: Watch): Losses => {
		using ledger = new Ledger();
		tf.tidy(() => {
			const [small, real] = [toUnit(low), toUnit(high)];
			const loss = () => ledger.record("G_pixel", pixelLoss(larger(small, training), real));
			minimize(optimizers.G, trainedG, loss, watch);
		});
		return ledger.read();
	};

	const upscale = (low: tf.Tensor4D): tf.Tensor4D =>
		tf.tidy(() => signed(tf.clipByValue(larger(unit(low), evaluation), 0, 1)));

	const mapOf = judge?.map;
	const judgeMap =
		mapOf === undefined
			? undefined
			: (images: tf.Tensor4D): tf.Tensor4D =>
					tf.tidy(() => tf.sigmoid(mapOf(seen(unit(images), evaluation), evaluation)));

	/** What D's map says of upscaled pictures: `realness`, the mean over colours of σ(M), and `attention`, 1 − that, which weighs errors. */
	const maps = (upscaled: tf.Tensor4D): Record<string, tf.Tensor3D> => {
		if (judgeMap === undefined) return {};
		return tf.tidy(() => {
			const realness: tf.Tensor3D = tf.mean(judgeMap(upscaled), 3);
			return { attention: tf.sub(1, realness) as tf.Tensor3D, realness };
		});
	};

	return {
		id: system.id,
		networks: { ...trainedG, ...trainedD },
		optimizers,
		isPerceptual: features !== undefined || perceptualWeight === 0,
		draw: () => ({}),
		step(batch, _draws, _iteration, watch) {
			if (judge === undefined) return warmUp(batch, watch);
			using ledger = new Ledger();
			tf.tidy(() => step(batch, judge, ledger, watch));
			return ledger.read();
		},
		warmUp: (batch) => warmUp(batch),
		upscale,
		...(judgeMap === undefined ? {} : { judgeMap }),
		apply({ images }) {
			const made = upscale(required(system.id, "images", images));
			return { images: made, maps: maps(made) };
		},
		attention: ({ low }) => tf.tidy(() => maps(upscale(range === "unit" ? signed(low) : low))),
		setRate(fraction) {
			optimizers.G.rate = gRate * fraction;
			if (optimizers.D !== undefined) optimizers.D.rate = dRate * fraction;
		},
		[Symbol.dispose]() {
			for (const optimizer of Object.values(optimizers)) optimizer?.[Symbol.dispose]();
			for (const network of [E, G, D]) network?.[Symbol.dispose]();
		},
	};
}

/** From [-1, 1] to [0, 1]. */
function unit(x: tf.Tensor4D): tf.Tensor4D {
	return tf.tidy(() => tf.mul(tf.add(x, 1), 0.5));
}

/** From [0, 1] to [-1, 1]. */
function signed(x: tf.Tensor4D): tf.Tensor4D {
	return tf.tidy(() => tf.sub(tf.mul(x, 2), 1));
}

function half(a: tf.Scalar, b: tf.Scalar): tf.Scalar {
	return tf.tidy(() => tf.mul(tf.add(a, b), 0.5));
}
