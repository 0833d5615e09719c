/**
 * PGGAN: Karras, Aila, Laine, Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", ICLR
 * 2018; follows tkarras/progressive_growing_of_gans@2504c3f (`official`) and, in names and in its other form, the PyTorch code
 * akanimax/pro_gan_pytorch@6206613 (`community`).
 *
 *     z → pixel norm → 4 × 4 → (2 × nearest, conv3, conv3) per level → conv1 → picture; leaky ReLU 0.2, pixel norm
 *     D: conv1 → (conv3, conv3, average pool) per level → minibatch deviation → conv3 → conv4 → one score
 *
 * A level fades in as alpha·new + (1 − alpha)·old, in real pictures too. Loss: WGAN-GP with drift,
 * D(fake) − D(real) + 10·(‖∇D‖ − 1)² + 0.001·D(real)². Adam (0, 0.99) starts anew at each level (growth.ts).
 *
 * The community form takes gain √2 everywhere, where the official one has √2/4 for the first layer and 1 for pictures and
 * score; its first block is normalised once. Differs from the code: the average of G (`Gs`) is taken after G's step; Adam's
 * epsilon is added behind the bias correction, the official code's in front of it (`epsilonAt: "running"`).
 */
import * as tf from "@tensorflow/tfjs";
import { Adam, type EpsilonAt } from "../engine/adam.ts";
import { moveAverage } from "../engine/average.ts";
import { avgPool2d } from "../engine/ops/avg-pool.ts";
import { detach } from "../engine/ops/detach.ts";
import { upsampleNearest } from "../engine/ops/upsample-nearest.ts";
import { Parameters } from "../engine/parameters.ts";
import { Random } from "../engine/random.ts";
import { type GrowthOptions, growth, type Stage } from "./layers/growth.ts";
import { Ledger } from "./layers/ledger.ts";
import { minimize } from "./layers/minimize.ts";
import {
	type ProgressiveOptions,
	progressiveDiscriminator,
	progressiveGenerator,
	type Reached,
} from "./layers/progressive.ts";
import { wasserstein } from "./losses/adversarial.ts";
import { gradientPenalty, interpolate } from "./losses/gradient-penalty.ts";
import {
	type Draws,
	drawn,
	type Gan,
	type Memory,
	type Paper,
	type PictureBatch,
	required,
	type Watch,
} from "./paper.ts";
import { type System, system } from "./system.ts";

export interface PgganOptions extends ProgressiveOptions, Partial<Omit<GrowthOptions, "depth">> {
	/** Weight of the gradient penalty. @default 10 */
	readonly lambdaGp?: number;
	/** Weight of the real scores' mean square. @default 0.001 */
	readonly drift?: number;
	/** Of the average of G. @default 0.999 */
	readonly decay?: number;
	/** What Adam's epsilon is added to: √v̂, or √v before its correction, as in the official code. @default "corrected" */
	readonly epsilonAt?: EpsilonAt;
	/** Adam's rate of both networks. @default 1e-3 */
	readonly rate?: number;
	/** @default [0, 0.99] */
	readonly betas?: readonly [number, number];
	/** Of the initial weights. @default 0 */
	readonly seed?: number;
}

export interface Pggan extends Gan<PictureBatch> {
	/** What iteration `iteration` trains; a batch must hold at least `batch` pictures, of which the step takes the first. */
	stage(iteration: number): Stage;
	/** Pictures [N, 2^level, 2^level, channels] of noise, by the average of G, at the level reached in training; the caller disposes. */
	generate(z: tf.Tensor2D): tf.Tensor4D;
}

/** The authors' one-GPU preset. */
const onePreset = "4:128,8:128,16:128,32:64,64:32,128:16,256:8,512:4";

/** Builds PGGAN; the defaults are the paper's for 256 × 256. */
export function pggan(options: PgganOptions = {}): Pggan {
	const { depth = 8, latentSize = 512, lambdaGp = 10, drift = 1e-3, decay = 0.999, minibatch = onePreset } = options;
	const { rate = 1e-3, betas: [beta1, beta2] = [0, 0.99], seed = 0 } = options;
	const random = Random.seed(seed);
	// Gs starts as G: initial values are a function of the generator and a parameter's name.
	const [G, D, Gs] = [
		new Parameters(random.split("G")),
		new Parameters(random.split("D")),
		new Parameters(random.split("G")),
	];
	const generator = progressiveGenerator(G, options);
	const discriminator = progressiveDiscriminator(D, options);
	const averaged = progressiveGenerator(Gs, options);
	const stageOf = growth({ ...options, depth, minibatch });
	// Before any step, as after an import, all levels are shown.
	const whole: Reached = { level: depth, alpha: 1 };
	let reached = whole;
	const adam = (network: Parameters) =>
		new Adam(network, { rate, beta1, beta2, epsilonAt: options.epsilonAt ?? "corrected" });
	const optimizers = { G: adam(G), D: adam(D) };

	/** Real pictures at a stage: pooled to its level, the level below mixed in while it fades. */
	const shownAt = (images: tf.Tensor4D, { level: top, alpha: share, batch }: Stage): tf.Tensor4D => {
		const [count, height, width] = images.shape;
		if (count < batch || height !== 2 ** depth || width !== 2 ** depth) {
			throw new RangeError(
				`pggan: batch must hold ${batch} pictures of ${2 ** depth} by ${2 ** depth}, got ${count} of ${height} by ${width}`,
			);
		}
		const taken = tf.slice(images, [0, 0, 0, 0], [batch, -1, -1, -1]);
		const small = top === depth ? taken : avgPool2d(taken, 2 ** (depth - top));
		if (share === 1) return small;
		return tf.add(tf.mul(small, share), tf.mul(upsampleNearest(avgPool2d(small, 2), 2), 1 - share));
	};
	const step = ({ images }: PictureBatch, draws: Draws, stage: Stage, ledger: Ledger, watch?: Watch) => {
		const noise = (name: string) => tf.tensor2d(Float32Array.from(drawn(draws, name)), [stage.batch, latentSize]);
		if (stage.isNew) for (const optimizer of Object.values(optimizers)) optimizer.reset();
		const real = shownAt(images, stage);
		const fake = detach(generator(noise("z_d"), stage));
		watch?.output?.("fake", fake);
		const score = (x: tf.Tensor4D) => discriminator(x, stage);
		const judge = () => {
			const scores = score(real);
			const terms = wasserstein.discriminator(scores, score(fake));
			const penalty = gradientPenalty(score, interpolate(real, fake, drawn(draws, "gp_alpha")));
			return tf.addN([
				ledger.record("D/loss_real", terms.real),
				ledger.record("D/loss_fake", terms.fake),
				tf.mul(ledger.record("D/loss_gp", penalty), lambdaGp),
				tf.mul(ledger.record("D/loss_drift", tf.mean(tf.square(scores))), drift),
			]) as tf.Scalar;
		};
		minimize(optimizers.D, { D }, judge, watch);
		const deceive = () => {
			const scores = score(generator(noise("z_g"), stage));
			return ledger.record("G/loss_fake", wasserstein.generator(scores, scores));
		};
		minimize(optimizers.G, { G }, deceive, watch);
		moveAverage(Gs, G, decay);
		reached = { level: stage.level, alpha: stage.alpha };
	};
	const growthMemory: Memory = {
		read: () => ({ shape: [2], data: Float32Array.of(reached.level, reached.alpha) }),
		write(stored) {
			const [level = whole.level, alpha = whole.alpha] = stored?.data ?? [];
			reached = { level, alpha };
		},
	};
	const generate = (z: tf.Tensor2D) => tf.tidy(() => averaged(z, reached));
	return {
		id: "pggan",
		networks: { G, D, Gs },
		optimizers,
		memories: { growth: growthMemory },
		stage: stageOf,
		draw(source, _batch, iteration) {
			const { batch } = stageOf(iteration);
			const noise = () => source.normals(batch * latentSize);
			return { z_d: noise(), gp_alpha: source.uniforms(batch), z_g: noise() };
		},
		step(batch, draws, iteration, watch) {
			using ledger = new Ledger();
			tf.tidy(() => step(batch, draws, stageOf(iteration), ledger, watch));
			return ledger.read();
		},
		generate,
		apply: ({ noise }) => ({
			images: tf.tidy(() => tf.clipByValue(generate(required("pggan", "noise", noise)), -1, 1)),
			maps: {},
		}),
		attention: () => ({}),
		setRate(fraction) {
			for (const optimizer of Object.values(optimizers)) optimizer.rate = rate * fraction;
		},
		[Symbol.dispose]() {
			for (const owned of [...Object.values(optimizers), G, D, Gs]) owned[Symbol.dispose]();
		},
	};
}

export const paper: Paper = {
	id: "pggan",
	title: "Progressive Growing of GANs for Improved Quality, Stability, and Variation",
	year: 2018,
	citation: "T. Karras, T. Aila, S. Laine, J. Lehtinen. ICLR 2018.",
	url: "https://arxiv.org/abs/1710.10196",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "pggan",
		paper,
		role: "baseline",
		description: "Grows both networks from 4 × 4 pixels, a level at a time.",
		options: {
			...{ depth: 8, latentSize: 512, fmapBase: 8192, fmapMax: 512, channels: 3 },
			...{ form: "official" as "official" | "community", groupSize: 4, startLevel: 2, stableImages: 600_000 },
			...{ fadeImages: 600_000, minibatch: onePreset, lambdaGp: 10, drift: 1e-3, decay: 0.999, rate: 1e-3 },
			epsilonAt: "corrected" as EpsilonAt,
		},
		choices: { form: ["official", "community"], epsilonAt: ["corrected", "running"] },
		meanings: {
			form: "Layers as in the official code, or in pro_gan_pytorch.",
			stableImages: "Pictures shown while a level stays.",
			fadeImages: "Pictures shown while a level fades in.",
		},
		networks: (options) => ({
			G: (parameters) => progressiveGenerator(parameters, options),
			D: (parameters) => progressiveDiscriminator(parameters, options),
			Gs: (parameters) => progressiveGenerator(parameters, options),
		}),
		build: pggan,
	}),
];
