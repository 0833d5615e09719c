/**
 * UAGGAN: Mejjati, Richardt, Tompkin, Cosker, Kim, "Unsupervised Attention-guided Image-to-Image Translation", NeurIPS 2018;
 * follows the code AlamiMejjati/Unsupervised-Attention-guided-Image-to-Image-Translation@a691e3a (TensorFlow 1).
 *
 *     mask m = A_A(a),  fake_b = m · g_A(a) + (1 − m) · a           the same from b, and both back again
 *     D sees a picture where its mask is at least the threshold: real pictures behind their own mask, fakes behind their source's
 *     g_A and A_A minimise 10 · |cycle_a − a| + 10 · |cycle_b − b| + (D_B(fake_b) − 1)²
 *
 * The switch (epoch 30): before it the threshold is 0, so D sees all, and D has instance norm; after it the threshold is
 * 0.1, D has no norm, and the attention networks are frozen. Order of steps: g_A with A_A, D_B, g_B with A_B, D_A.
 *
 * Differs from the code: Adam's epsilon is added behind the bias correction, the code's in front of it (`epsilonAt: "running"`);
 * each network's bias correction counts its own steps, where the code's one optimiser counts the four of an iteration for all
 * (`sharedSteps`), so that its early steps are up to twice as long; norms that the code makes and never uses are left out
 * (`unusedNorms`).
 */
import * as tf from "@tensorflow/tfjs";
import { Adam, type EpsilonAt } from "../engine/adam.ts";
import { Random } from "../engine/random.ts";
import { ImagePool } from "./layers/image-pool.ts";
import { evaluation, training } from "./layers/layer.ts";
import type { Ledger } from "./layers/ledger.ts";
import { maskedGan } from "./layers/masked-gan.ts";
import {
	joined,
	kept,
	type Masked,
	maskedTranslator,
	parted,
	type RoundTrips,
	roundTrips,
} from "./layers/masked-translation.ts";
import { minimize, type Trained, trainedVariables } from "./layers/minimize.ts";
import { networksOf } from "./layers/networks.ts";
import type { TwoDomainGan } from "./layers/two-domain.ts";
import {
	type Phase,
	type UagganDiscriminator,
	type UagganNetworkOptions,
	uagganAttention,
	uagganDiscriminator,
	uagganGenerator,
} from "./layers/uaggan-networks.ts";
import { leastSquares } from "./losses/adversarial.ts";
import { meanAbsolute } from "./losses/reconstruction.ts";
import type { Paper, UnpairedBatch, Watch } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface UagganOptions extends UagganNetworkOptions {
	/** Weight of the cycle a → b → a. @default 10 */
	readonly lambdaA?: number;
	/** Weight of the cycle b → a → b. @default 10 */
	readonly lambdaB?: number;
	/** Epoch (from 0) of the switch. @default 30 */
	readonly switchEpoch?: number;
	/** Iterations of an epoch. @default 1334, of horse2zebra */
	readonly epochLength?: number;
	/** Least mask of a pixel that D sees after the switch. @default 0.1 */
	readonly threshold?: number;
	/** Pictures in each pool, kept with their masks. @default 50 */
	readonly poolSize?: number;
	/** Adam's rate of all networks. @default 1e-4 */
	readonly rate?: number;
	/** @default [0.5, 0.999] */
	readonly betas?: readonly [number, number];
	/** What Adam's epsilon is added to: √v̂, or √v before its correction, as in the code. @default "corrected" */
	readonly epsilonAt?: EpsilonAt;
	/** One optimiser for all networks, whose bias correction counts the steps of all, as in the code. @default false */
	readonly sharedSteps?: boolean;
	/** Of the initial weights. @default 0 */
	readonly seed?: number;
}

/** The six networks, each waiting for its parameters. */
export function uagganNetworks(options: UagganNetworkOptions = {}) {
	const [generator, attention] = [uagganGenerator(options), uagganAttention(options)];
	const discriminator = uagganDiscriminator(options);
	const networks = { g_A: generator, g_B: generator, g_A_ae: attention, g_B_ae: attention };
	return { ...networks, d_A: discriminator, d_B: discriminator };
}

/** What a generator and its attention network minimise: both cycles, unweighted, and the judgement of what they made. */
export function uagganGeneratorTerms(
	judge: UagganDiscriminator,
	made: Masked,
	{ backA, backB }: RoundTrips,
	{ a, b }: UnpairedBatch,
	phase: Phase,
): Record<"cycleA" | "cycleB" | "adversarial", tf.Scalar> {
	const scores = judge(made.image, made.mask, phase);
	return {
		cycleA: meanAbsolute(backA.image, a),
		cycleB: meanAbsolute(backB.image, b),
		adversarial: leastSquares.generator(scores, scores),
	};
}

/** Half the sum of the least squares on real pictures, behind their own mask, and on fakes. */
export function uagganDiscriminatorLoss(
	judge: UagganDiscriminator,
	real: Masked,
	fake: Masked,
	phase: Phase,
): tf.Scalar {
	const terms = leastSquares.discriminator(judge(real.image, real.mask, phase), judge(fake.image, fake.mask, phase));
	return tf.mul(tf.add(terms.real, terms.fake), 0.5);
}

/** Builds UAGGAN; the defaults are the paper's. */
export function uaggan(options: UagganOptions = {}): TwoDomainGan {
	const { lambdaA = 10, lambdaB = 10, switchEpoch = 30, epochLength = 1334, threshold = 0.1 } = options;
	const { poolSize = 50, rate = 1e-4, betas: [beta1, beta2] = [0.5, 0.999], seed = 0 } = options;
	const { epsilonAt = "corrected", sharedSteps = false } = options;
	const { networks, layers } = networksOf(uagganNetworks(options), Random.seed(seed));
	const [toB, toA] = [maskedTranslator(layers.g_A, layers.g_A_ae), maskedTranslator(layers.g_B, layers.g_B_ae)];
	const { g_A, g_B, g_A_ae, g_B_ae, d_A, d_B } = networks;
	const trained = { g_A: { g_A, g_A_ae }, g_B: { g_B, g_B_ae }, d_A: { d_A }, d_B: { d_B } };
	const frozen = { g_A: { g_A }, g_B: { g_B } };
	const adam = (trained: Trained, counting: "own" | "calls") =>
		new Adam(trainedVariables(trained), { rate, beta1, beta2, epsilonAt, counting });
	const optimizers: Readonly<Record<string, Adam>> = sharedSteps
		? { shared: adam(networks, "calls") }
		: Object.fromEntries(Object.entries(trained).map(([name, own]) => [name, adam(own, "own")]));
	const optimizerOf = (name: keyof typeof trained) => optimizers[sharedSteps ? "shared" : name] as Adam;
	const pools = { A: new ImagePool(poolSize), B: new ImagePool(poolSize) };
	const before: Phase = { threshold: 0, normed: true };
	const after: Phase = { threshold, normed: false };

	/** A step of g_A (`side` A) or g_B and, before the switch, of its attention network; gives what it made before it. */
	const stepGenerator = (
		side: "A" | "B",
		batch: UnpairedBatch,
		phase: Phase,
		ledger: Ledger,
		watch?: Watch,
	): Masked => {
		let made: Masked | undefined;
		const loss = () => {
			const trips = roundTrips(toB, toA, batch, training);
			const fake = side === "A" ? trips.toB : trips.toA;
			made = kept(fake);
			const terms = uagganGeneratorTerms(side === "A" ? layers.d_B : layers.d_A, fake, trips, batch, phase);
			ledger.record("cycle_a", terms.cycleA);
			ledger.record("cycle_b", terms.cycleB);
			ledger.record(side === "A" ? "lsgan_b" : "lsgan_a", terms.adversarial);
			const cycles = [tf.mul(terms.cycleA, lambdaA), tf.mul(terms.cycleB, lambdaB)];
			return ledger.record(`g_loss_${side}`, tf.addN([...cycles, terms.adversarial]) as tf.Scalar);
		};
		const name = `g_${side}` as const;
		minimize(optimizerOf(name), (phase === before ? trained : frozen)[name], loss, watch);
		return made as Masked;
	};

	/** A step of D on the side of the real pictures, whose mask is their own. */
	const stepDiscriminator = (
		side: "A" | "B",
		image: tf.Tensor4D,
		fake: Masked,
		phase: Phase,
		ledger: Ledger,
		watch?: Watch,
	) => {
		const real = { image, mask: (side === "A" ? layers.g_A_ae : layers.g_B_ae)(image, evaluation) };
		const name = `d_${side}` as const;
		const loss = () => ledger.record(`d_loss_${side}`, uagganDiscriminatorLoss(layers[name], real, fake, phase));
		minimize(optimizerOf(name), trained[name], loss, watch);
	};

	return maskedGan({
		id: "uaggan",
		...{ networks, optimizers, rate, pools, toB: ["g_A_ae", toB], toA: ["g_B_ae", toA] },
		step(batch, draws, iteration, ledger, watch) {
			const phase = Math.floor(iteration / epochLength) < switchEpoch ? before : after;
			for (const [side, other] of [
				["A", "B"],
				["B", "A"],
			] as const) {
				const made = stepGenerator(side, batch, phase, ledger, watch);
				try {
					const shown = parted(pools[other].query(joined(made), draws));
					stepDiscriminator(other, side === "A" ? batch.b : batch.a, shown, phase, ledger, watch);
				} finally {
					tf.dispose([made.image, made.mask]);
				}
			}
		},
	});
}

export const paper: Paper = {
	id: "uaggan",
	title: "Unsupervised Attention-guided Image-to-Image Translation",
	year: 2018,
	citation: "Y. A. Mejjati, C. Richardt, J. Tompkin, D. Cosker, K. I. Kim. NeurIPS 2018.",
	url: "https://arxiv.org/abs/1806.02311",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "uaggan",
		paper,
		role: "baseline",
		description: "Two generators behind learned masks; from the switch on the discriminators see what the masks show.",
		options: {
			...{ channels: 3, ngf: 32, blocks: 9, ndf: 64, kernels: "run" as "run" | "written", skip: false },
			...{ lambdaA: 10, lambdaB: 10, switchEpoch: 30, epochLength: 1334, threshold: 0.1, poolSize: 50, rate: 1e-4 },
			...{ epsilonAt: "corrected" as EpsilonAt, sharedSteps: false, unusedNorms: false },
		},
		choices: { kernels: ["run", "written"], epsilonAt: ["corrected", "running"] },
		networks: uagganNetworks,
		build: uaggan,
	}),
];
