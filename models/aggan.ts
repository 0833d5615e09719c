/**
 * AttentionGAN, scheme I, which is AGGAN: Tang, Xu, Sebe, Yan, "Attention-Guided Generative Adversarial Networks for
 * Unsupervised Image-to-Image Translation", IJCNN 2019; follows the code Ha0Tang/AttentionGAN@45da496, AttentionGAN-v1.
 *
 *     picture → conv7, 2 × down, residual blocks, 2 × (conv3, conv1, pixel shuffle), conv7 → mask (sigmoid), content
 *     result = content · mask + picture · (1 − mask), judged by D with one score for each picture
 *     L_G = (1 − r)·(½·adversarial + TV of masks) + r·(10·cycle + 1·pixel),  L_D = ¼·(four least-squares terms)
 *
 * r is 0.01 at first and 0.5 later. One iteration: the generators, then the discriminators, which are shown fakes of pools.
 *
 * Differs from the paper, as the code does: least squares in place of the log form; no discriminators that are shown the
 * mask with the picture (the option `attentionDiscriminators` adds them, with the layers of the others); the content has
 * no tanh (option `contentTanh`); total variation is a sum over all pixels and over the mask repeated for every channel
 * (option `tv`); identity passes of weight 0 run first and move the running statistics (option `identityPasses`).
 */
import * as tf from "@tensorflow/tfjs";
import { Adam } from "../engine/adam.ts";
import { Parameters } from "../engine/parameters.ts";
import { Random } from "../engine/random.ts";
import { type AgganGeneratorOptions, agganDiscriminator, agganGenerator } from "./layers/aggan-networks.ts";
import { ImagePool, PoolDraws } from "./layers/image-pool.ts";
import { type Block, type Layer, training } from "./layers/layer.ts";
import { Ledger } from "./layers/ledger.ts";
import { minimize, trainedVariables } from "./layers/minimize.ts";
import { type TwoDomainGan, twoDomain } from "./layers/two-domain.ts";
import { leastSquares } from "./losses/adversarial.ts";
import { meanAbsolute } from "./losses/reconstruction.ts";
import { totalVariation } from "./losses/total-variation.ts";
import { drawn, type Paper, type UnpairedBatch, type Watch } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface AgganOptions extends AgganGeneratorOptions {
	/** Width of the discriminators' first layer. @default 64 */
	readonly ndf?: number;
	/** Strided layers of the discriminators. @default 4 */
	readonly dLayers?: number;
	/** The paper's further discriminators, which are shown the mask in front of the picture. @default false */
	readonly attentionDiscriminators?: boolean;
	/** Weight of each adversarial term. @default 0.5 */
	readonly lambdaGan?: number;
	/** @default 10 */
	readonly lambdaCycle?: number;
	/** Weight of |G(x) − x|. @default 1 */
	readonly lambdaPixel?: number;
	/** Weight of the total variation of the masks (`reg_A` of the one that made a picture of A). @default 1e-6 */
	readonly lambdaTv?: number;
	/** Sum over pixels and over the mask repeated for every channel, or mean over pixels. @default "sum" */
	readonly tv?: "sum" | "mean";
	/** r at an iteration: the share of cycle and pixel terms. @default curriculum() */
	readonly share?: (iteration: number) => number;
	/** Runs pictures of its own result's set through each generator first, which only moves running statistics. @default true */
	readonly identityPasses?: boolean;
	/** Pictures in each pool. @default 50 */
	readonly poolSize?: number;
	/** Adam's rate of all networks. @default 1e-4 */
	readonly rate?: number;
	/** @default [0.5, 0.999] */
	readonly betas?: readonly [number, number];
	/** Of the initial weights. @default 0 */
	readonly seed?: number;
}

export interface CurriculumOptions {
	/** Iterations of the first share. @default 13_340, ten epochs of horse2zebra */
	readonly iterations?: number;
	/** @default 0.01 */
	readonly early?: number;
	/** @default 0.5 */
	readonly late?: number;
}

/** The share r of cycle and pixel terms: `early` for the first iterations, then `late`. */
export function curriculum({ iterations = 13_340, early = 0.01, late = 0.5 }: CurriculumOptions = {}) {
	return (iteration: number): number => (iteration < iterations ? early : late);
}

type Side = "A" | "B";

/** A generated picture of one side and the mask it was made with. */
interface Made {
	readonly picture: tf.Tensor4D;
	readonly mask: tf.Tensor4D | undefined;
}

/** A discriminator of the pictures of one side. */
interface Judge {
	readonly side: Side;
	readonly parameters: Parameters;
	readonly layer: Layer;
	readonly pool: ImagePool;
	/** Is shown the mask in front of the picture. */
	readonly guided: boolean;
}

/** Builds AGGAN; the defaults are the code's. */
export function aggan(options: AgganOptions = {}): TwoDomainGan {
	const { channels = 3, ndf = 64, dLayers = 4, attentionDiscriminators = false, masked = true } = options;
	const { lambdaGan = 0.5, lambdaCycle = 10, lambdaPixel = 1, lambdaTv = 1e-6, tv = "sum" } = options;
	const { share = curriculum(), identityPasses = true, poolSize = 50 } = options;
	const { rate = 1e-4, betas: [beta1, beta2] = [0.5, 0.999], seed = 0 } = options;
	if (attentionDiscriminators && !masked) {
		throw new RangeError("aggan: attentionDiscriminators must have a mask to show, got masked false");
	}
	const random = Random.seed(seed);
	const parametersOf = (name: string) => new Parameters(random.split(name));
	const generators = { G_A2B: parametersOf("G_A2B"), G_B2A: parametersOf("G_B2A") };
	const [toB, toA] = [agganGenerator(generators.G_A2B, options), agganGenerator(generators.G_B2A, options)];
	const judgeOf = (name: string, side: Side, guided: boolean): readonly [string, Judge] => {
		const parameters = parametersOf(name);
		const layer = agganDiscriminator({ channels: channels + (guided ? 1 : 0), ndf, layers: dLayers })(parameters);
		return [name, { side, parameters, layer, pool: new ImagePool(poolSize), guided }];
	};
	const judges = new Map([
		judgeOf("D_A", "A", false),
		judgeOf("D_B", "B", false),
		...(attentionDiscriminators ? [judgeOf("D_A_mask", "A", true), judgeOf("D_B_mask", "B", true)] : []),
	]);
	const ofJudges = <T>(value: (judge: Judge) => T): Record<string, T> =>
		Object.fromEntries([...judges].map(([name, judge]) => [name, value(judge)]));
	const discriminators = ofJudges(({ parameters }) => parameters);
	const optimizers = {
		G: new Adam(trainedVariables(generators), { rate, beta1, beta2 }),
		D: new Adam(trainedVariables(discriminators), { rate, beta1, beta2 }),
	};
	const shown = ({ guided }: Judge, { picture, mask }: Made): tf.Tensor4D =>
		guided ? (tf.concat([mask as tf.Tensor4D, picture], 3) as tf.Tensor4D) : picture;

	const generatorLoss = (
		{ a, b }: UnpairedBatch,
		r: number,
		ledger: Ledger,
		keep: (made: Record<Side, Made>) => void,
		watch?: Watch,
	) => {
		const { image: fakeB, masks: maskB } = toB(a, training);
		const recA = toA(fakeB, training).image;
		const { image: fakeA, masks: maskA } = toA(b, training);
		const recB = toB(fakeA, training).image;
		const made = { A: { picture: fakeA, mask: maskA }, B: { picture: fakeB, mask: maskB } };
		keep(made);
		const term = (weight: number, name: string, value: () => tf.Scalar) =>
			// A watcher sees terms of no weight too.
			weight === 0 && watch === undefined ? [] : [tf.mul<tf.Scalar>(ledger.record(name, value()), weight)];
		const adversarial = [...judges.values()].flatMap((judge) => {
			const { side, guided, layer } = judge;
			const deceive = () => {
				const scores = layer(shown(judge, made[side]), training);
				return leastSquares.generator(scores, scores);
			};
			return term((1 - r) * lambdaGan, `${guided ? "AGAN" : "GAN"}_${side === "B" ? "A2B" : "B2A"}`, deceive);
		});
		const regular = (
			[
				["reg_A", maskA],
				["reg_B", maskB],
			] as const
		).flatMap(([name, mask]) => {
			if (mask === undefined || (lambdaTv === 0 && watch === undefined)) return [];
			// The code repeats the mask for every channel before it sums.
			const weight = lambdaTv * (tv === "sum" ? channels : 1);
			return term(1 - r, name, () => tf.mul(totalVariation(mask, { reduction: tv }), weight));
		});
		return ledger.record(
			"G",
			tf.addN([
				...adversarial,
				...regular,
				...term(r * lambdaCycle, "cycle_ABA", () => meanAbsolute(recA, a)),
				...term(r * lambdaCycle, "cycle_BAB", () => meanAbsolute(recB, b)),
				...term(r * lambdaPixel, "pix_A", () => meanAbsolute(fakeB, a)),
				...term(r * lambdaPixel, "pix_B", () => meanAbsolute(fakeA, b)),
			]) as tf.Scalar,
		);
	};

	const passThrough = ({ a, b }: UnpairedBatch) =>
		tf.tidy(() => {
			toB(b, training);
			toA(a, training);
		});

	const step = (batch: UnpairedBatch, draws: PoolDraws, r: number, ledger: Ledger, watch?: Watch) => {
		const kept: tf.Tensor[] = [];
		const copy = (x: tf.Tensor4D): tf.Tensor4D => {
			kept.push(tf.keep(x.clone()));
			return kept.at(-1) as tf.Tensor4D;
		};
		let made: Record<Side, Made> | undefined;
		const keep = (fresh: Record<Side, Made>) => {
			const copied = ({ picture, mask }: Made) => ({ picture: copy(picture), mask: mask && copy(mask) });
			made = { A: copied(fresh.A), B: copied(fresh.B) };
		};
		try {
			if (identityPasses) passThrough(batch);
			minimize(optimizers.G, generators, () => generatorLoss(batch, r, ledger, keep, watch), watch);
			const { A, B } = made as unknown as Record<Side, Made>;
			for (const [name, value] of [
				["fake_A", A.picture],
				["fake_B", B.picture],
				["mask_A", A.mask],
				["mask_B", B.mask],
			] as const) {
				if (value !== undefined) watch?.output?.(name, value);
			}
			const pairs = [...judges.values()].map((judge) => {
				const own = { A, B }[judge.side];
				const real = { picture: judge.side === "A" ? batch.a : batch.b, mask: own.mask };
				return { judge, real: shown(judge, real), fake: judge.pool.query(shown(judge, own), draws) };
			});
			const loss = () => {
				const terms = pairs.map(({ judge: { layer }, real, fake }) => {
					const { real: ofReal, fake: ofFake } = leastSquares.discriminator(
						layer(real, training),
						layer(fake, training),
					);
					return tf.add<tf.Scalar>(ofReal, ofFake);
				});
				return ledger.record("D", tf.mul(tf.addN(terms), 0.25));
			};
			minimize(optimizers.D, discriminators, loss, watch);
		} finally {
			tf.dispose(kept);
		}
	};

	return {
		...twoDomain({
			...{ id: "aggan", networks: { ...generators, ...discriminators }, optimizers, rate },
			pools: ofJudges(({ pool }) => pool),
			maps: (masks) => ({ mask: tf.squeeze(masks, [3]) }),
			generators: [
				["G_A2B", toB],
				["G_B2A", toA],
			],
		}),
		draw(source, { a }) {
			const count = judges.size * a.shape[0];
			const index = Int32Array.from({ length: count }, () => source.integer(Math.max(poolSize, 1)));
			return { pool_uniform: source.uniforms(count), pool_index: index };
		},
		step(batch, draws, iteration, watch) {
			using ledger = new Ledger();
			const pool = new PoolDraws(drawn(draws, "pool_uniform"), drawn(draws, "pool_index"));
			tf.tidy(() => step(batch, pool, share(iteration), ledger, watch));
			return ledger.read();
		},
	};
}

export const paper: Paper = {
	id: "aggan",
	title: "Attention-Guided Generative Adversarial Networks for Unsupervised Image-to-Image Translation",
	year: 2019,
	citation: "H. Tang, D. Xu, N. Sebe, Y. Yan. IJCNN 2019.",
	url: "https://arxiv.org/abs/1903.12296",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "aggan",
		paper,
		role: "system",
		description: "One mask and one content: scheme I of AttentionGAN.",
		options: {
			...{ channels: 3, ngf: 64, blocks: 6, masked: true, contentTanh: false },
			...{ ndf: 64, dLayers: 4, attentionDiscriminators: false, poolSize: 50, rate: 1e-4, identityPasses: true },
			...{ lambdaGan: 0.5, lambdaCycle: 10, lambdaPixel: 1, lambdaTv: 1e-6, tv: "sum" as "sum" | "mean" },
			...{ curriculumIterations: 13_340, earlyShare: 0.01, lateShare: 0.5 },
		},
		choices: { tv: ["sum", "mean"] },
		meanings: {
			lambdaCycle: "Weight of the cycle terms.",
			curriculumIterations: "Iterations until the later share holds: ten epochs of 1,334 pictures.",
			earlyShare: "Share r of the cycle and pixel terms until then; the adversarial ones have 1 - r.",
			lateShare: "Share r from then on.",
		},
		networks: ({ channels, ndf, dLayers, attentionDiscriminators, ...options }) => {
			const generator = (parameters: Parameters) => agganGenerator(parameters, { channels, ...options });
			const [plain, guided] = [channels, channels + 1].map((given) =>
				agganDiscriminator({ channels: given, ndf, layers: dLayers }),
			) as [Block, Block];
			return {
				...{ G_A2B: generator, G_B2A: generator, D_A: plain, D_B: plain },
				...(attentionDiscriminators ? { D_A_mask: guided, D_B_mask: guided } : {}),
			};
		},
		build: ({ curriculumIterations: iterations, earlyShare: early, lateShare: late, ...options }) =>
			aggan({ ...options, share: curriculum({ iterations, early, late }) }),
	}),
];
