/**
 * Training of the CycleGAN family on two unpaired sets (junyanz/pytorch-CycleGAN-and-pix2pix cycle_gan_model.py). G_A maps
 * A to B and is judged by D_A, G_B the other way. One iteration: a step of both generators on adversarial, cycle and
 * identity terms, then a step of both discriminators on real pictures and on fakes out of the pools.
 */
import * as tf from "@tensorflow/tfjs";
import { Adam } from "../../engine/adam.ts";
import { Parameters } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import { leastSquares, logistic, wasserstein } from "../losses/adversarial.ts";
import { meanAbsolute } from "../losses/reconstruction.ts";
import type { UnpairedBatch, Watch } from "../paper.ts";
import { ImagePool, PoolDraws } from "./image-pool.ts";
import { type Layer, training } from "./layer.ts";
import { Ledger } from "./ledger.ts";
import { minimize, trainedVariables } from "./minimize.ts";
import { type MaskedGenerator, type MaskMaps, type TwoDomainGan, twoDomain } from "./two-domain.ts";

/**
 * Forms of the adversarial terms. `wgangp` is Wasserstein's as the code's switch has it: bare means of scores, for the penalty
 * that the name promises is not in its training.
 */
export type CycleAdversarial = "lsgan" | "vanilla" | "wgangp";

export interface CycleOptions {
	/** Weight of the cycle A → B → A. @default 10 */
	readonly lambdaA?: number;
	/** Weight of the cycle B → A → B. @default 10 */
	readonly lambdaB?: number;
	/** Weight of the identity terms, as a share of the cycle's; 0 leaves them out. @default 0.5 */
	readonly lambdaIdentity?: number;
	/** Least squares, the log form, or Wasserstein's. @default "lsgan" */
	readonly adversarial?: CycleAdversarial;
	/** Pictures in each pool. @default 50 */
	readonly poolSize?: number;
	/** Adam's rate of all networks. @default 2e-4 */
	readonly rate?: number;
	/** @default [0.5, 0.999] */
	readonly betas?: readonly [number, number];
	/** Of the initial weights. @default 0 */
	readonly seed?: number;
}

export interface CycleSystem {
	readonly id: string;
	readonly generator: (parameters: Parameters) => MaskedGenerator;
	readonly discriminator: (parameters: Parameters) => Layer;
	readonly maps?: MaskMaps;
}

type Pictures = Record<"fake_B" | "rec_A" | "fake_A" | "rec_B" | "idt_A" | "idt_B", tf.Tensor4D>;

/** Builds the networks, pools and optimisers of a system and the step that trains it. */
export function cycleTraining(system: CycleSystem, options: CycleOptions = {}): TwoDomainGan {
	const { lambdaA = 10, lambdaB = 10, lambdaIdentity = 0.5, adversarial = "lsgan", poolSize = 50 } = options;
	const { rate = 2e-4, betas: [beta1, beta2] = [0.5, 0.999], seed = 0 } = options;
	const random = Random.seed(seed);
	const parametersOf = (name: string) => new Parameters(random.split(name));
	const generators = { G_A: parametersOf("G_A"), G_B: parametersOf("G_B") };
	const discriminators = { D_A: parametersOf("D_A"), D_B: parametersOf("D_B") };
	const [toB, toA] = [system.generator(generators.G_A), system.generator(generators.G_B)];
	const [judgeB, judgeA] = [system.discriminator(discriminators.D_A), system.discriminator(discriminators.D_B)];
	const optimizers = {
		G: new Adam(trainedVariables(generators), { rate, beta1, beta2 }),
		D: new Adam(trainedVariables(discriminators), { rate, beta1, beta2 }),
	};
	const pools = { A: new ImagePool(poolSize), B: new ImagePool(poolSize) };
	const form = { lsgan: leastSquares, vanilla: logistic, wgangp: wasserstein }[adversarial];

	const generatorLoss = ({ a, b }: UnpairedBatch, ledger: Ledger, keep: (pictures: Partial<Pictures>) => void) => {
		const fakeB = toB(a, training).image;
		const recA = toA(fakeB, training).image;
		const fakeA = toA(b, training).image;
		const recB = toB(fakeA, training).image;
		keep({ fake_B: fakeB, rec_A: recA, fake_A: fakeA, rec_B: recB });
		const deceive = (scores: tf.Tensor) => form.generator(scores, scores);
		const terms = [
			ledger.record("G_A", deceive(judgeB(fakeB, training))),
			ledger.record("G_B", deceive(judgeA(fakeA, training))),
			ledger.record("cycle_A", tf.mul(meanAbsolute(recA, a), lambdaA)),
			ledger.record("cycle_B", tf.mul(meanAbsolute(recB, b), lambdaB)),
		];
		if (lambdaIdentity > 0) {
			const [idtA, idtB] = [toB(b, training).image, toA(a, training).image];
			keep({ idt_A: idtA, idt_B: idtB });
			terms.push(ledger.record("idt_A", tf.mul(meanAbsolute(idtA, b), lambdaB * lambdaIdentity)));
			terms.push(ledger.record("idt_B", tf.mul(meanAbsolute(idtB, a), lambdaA * lambdaIdentity)));
		}
		return ledger.record("G", tf.addN(terms));
	};

	const discriminatorLoss = (judge: Layer, real: tf.Tensor4D, fake: tf.Tensor4D): tf.Scalar => {
		const terms = form.discriminator(judge(real, training), judge(fake, training));
		return tf.mul(tf.add(terms.real, terms.fake), 0.5);
	};

	const step = (batch: UnpairedBatch, draws: PoolDraws, ledger: Ledger, watch?: Watch) => {
		const pictures: Partial<Pictures> = {};
		const keep = (made: Partial<Pictures>) => {
			for (const [name, picture] of Object.entries(made)) pictures[name as keyof Pictures] = tf.keep(picture.clone());
		};
		try {
			minimize(optimizers.G, generators, () => generatorLoss(batch, ledger, keep), watch);
			for (const [name, picture] of Object.entries(pictures)) watch?.output?.(name, picture);
			// The order of the code: it decides which draws each pool takes.
			const shownB = pools.B.query(pictures.fake_B as tf.Tensor4D, draws);
			const shownA = pools.A.query(pictures.fake_A as tf.Tensor4D, draws);
			const judge = () => {
				const ofB = ledger.record("D_A", discriminatorLoss(judgeB, batch.b, shownB));
				return tf.add<tf.Scalar>(ofB, ledger.record("D_B", discriminatorLoss(judgeA, batch.a, shownA)));
			};
			minimize(optimizers.D, discriminators, judge, watch);
		} finally {
			tf.dispose(pictures);
		}
	};

	return {
		...twoDomain({
			...{ id: system.id, networks: { ...generators, ...discriminators }, optimizers, rate, pools, maps: system.maps },
			generators: [
				["G_A", toB],
				["G_B", toA],
			],
		}),
		draw(source, { a }) {
			const count = 2 * a.shape[0];
			const index = Int32Array.from({ length: count }, () => source.integer(Math.max(poolSize, 1)));
			return { pool_uniform: source.uniforms(count), pool_index: index };
		},
		step(batch, { pool_uniform: uniform = [], pool_index: index = [] }, _iteration, watch) {
			using ledger = new Ledger();
			tf.tidy(() => step(batch, new PoolDraws(uniform, index), ledger, watch));
			return ledger.read();
		},
	};
}
