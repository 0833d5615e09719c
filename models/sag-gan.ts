/**
 * SAG-GAN: Qi, Chen, Xu, Xu, Lukasiewicz, Liu, "SAG-GAN: Semi-Supervised Attention-Guided GANs for Data Augmentation on Medical
 * Images", 2020 (arXiv 2011.07534). There is no public code: what the paper leaves open is read as below.
 *
 *     normal n:  mask M = A_N(n),  T_g = M · G_NT(n) + (1 − M) · n                    tumour t: the same with A_T, G_TN
 *     D_T is shown M · T_g and M · t, both with the mask of n; D_N is shown A_T(t) · N_g and A_T(t) · n
 *     loss = adversarial + 10 · cycle + |label − A_T(t)|
 *
 * Readings where the paper is silent or unclear:
 * - Generator: CycleGAN's with AMSE blocks. Attention network: UAGGAN's with an AMSE block. Discriminator: a PatchGAN with
 *   spectral norm alone.
 * - The fake in front of D is the mask times the composed picture, and the cycle goes through the whole mapping (the text,
 *   where Eq. 6 and 8 print the bare generator).
 * - Least squares, as all its relatives; the log form printed is an option, non-saturating for G.
 * - The mask loss is a mean over pixels and teaches A_T alone. A pool keeps pictures with their masks; what is real in front
 *   of D is masked by the present batch's mask.
 * - Norms in AMSE blocks have scale and shift (`amseNorm`): without, Eq. 1's average is always zero.
 * - Weights 1, 10 and 1, and CycleGAN's optimiser: the paper gives none.
 */
import * as tf from "@tensorflow/tfjs";
import { Adam } from "../engine/adam.ts";
import { Random } from "../engine/random.ts";
import { ImagePool } from "./layers/image-pool.ts";
import { training } from "./layers/layer.ts";
import type { Ledger } from "./layers/ledger.ts";
import { maskedGan } from "./layers/masked-gan.ts";
import { joined, kept, type Masked, maskedTranslator, parted, roundTrips } from "./layers/masked-translation.ts";
import { minimize, trainedVariables } from "./layers/minimize.ts";
import { networksOf } from "./layers/networks.ts";
import {
	type SagNetworkOptions,
	type SagWeights,
	sagDiscriminatorTerms,
	sagGeneratorTerms,
	sagNetworks,
	sagTotal,
} from "./layers/sag-networks.ts";
import type { TwoDomainGan } from "./layers/two-domain.ts";
import { leastSquares, logistic } from "./losses/adversarial.ts";
import type { Claim, Paper, Published, UnpairedBatch, Watch } from "./paper.ts";
import { type System, system } from "./system.ts";

/** Batches must hold masks unless their weight is 0. */
export interface SagOptions extends SagNetworkOptions, SagWeights {
	/** Least squares, or the log form. @default "lsgan" */
	readonly adversarial?: "lsgan" | "log";
	/** Pictures in each pool, kept with their masks. @default 50 */
	readonly poolSize?: number;
	/** Adam's rate of all networks. @default 2e-4 */
	readonly rate?: number;
	/** @default [0.5, 0.999] */
	readonly betas?: readonly [number, number];
	/** Of the initial weights. @default 0 */
	readonly seed?: number;
}

/** Builds SAG-GAN; the defaults are the paper's as far as it gives them. Batches: `a` normal, `b` tumour, `masks` of `b`. */
export function sagGan(options: SagOptions = {}): TwoDomainGan {
	const { adversarial = "lsgan", lambdaMask = 1, poolSize = 50 } = options;
	const { rate = 2e-4, betas: [beta1, beta2] = [0.5, 0.999], seed = 0 } = options;
	const { networks, layers } = networksOf(sagNetworks(options), Random.seed(seed));
	const [toT, toN] = [maskedTranslator(layers.G_NT, layers.A_N), maskedTranslator(layers.G_TN, layers.A_T)];
	const { G_NT, G_TN, A_N, A_T, D_T, D_N } = networks;
	const trained = { G: { G_NT, G_TN, A_N, A_T }, D_T: { D_T }, D_N: { D_N } };
	const adam = (name: keyof typeof trained) => new Adam(trainedVariables(trained[name]), { rate, beta1, beta2 });
	const optimizers = { G: adam("G"), D_T: adam("D_T"), D_N: adam("D_N") };
	const pools = { A: new ImagePool(poolSize), B: new ImagePool(poolSize) };
	const form = adversarial === "lsgan" ? leastSquares : logistic;

	/** Steps generators and attention networks; gives what they made before it. */
	const stepGenerators = (batch: UnpairedBatch, ledger: Ledger, watch?: Watch): Record<"toT" | "toN", Masked> => {
		let made: Record<"toT" | "toN", Masked> | undefined;
		const loss = () => {
			const trips = roundTrips(toT, toN, batch, training);
			made = { toT: kept(trips.toB), toN: kept(trips.toA) };
			const terms = sagGeneratorTerms(layers, trips, batch, form, training);
			for (const [name, term] of Object.entries(terms)) ledger.record(name, term);
			return ledger.record("total", sagTotal(terms, options));
		};
		minimize(optimizers.G, trained.G, loss, watch);
		const { toT: ofT, toN: ofN } = made as Record<"toT" | "toN", Masked>;
		const named = { fake_t: ofT.image, fake_n: ofN.image, mask_n: ofT.mask, mask_t: ofN.mask };
		for (const [name, value] of Object.entries(named)) watch?.output?.(name, value);
		return { toT: ofT, toN: ofN };
	};

	const stepDiscriminator = (name: "D_T" | "D_N", real: Masked, fake: Masked, ledger: Ledger, watch?: Watch) => {
		const loss = () => {
			const terms = sagDiscriminatorTerms(layers[name], real, fake, form, training);
			ledger.record(`${name}_real`, terms.real);
			ledger.record(`${name}_fake`, terms.fake);
			return ledger.record(name, terms.loss);
		};
		minimize(optimizers[name], trained[name], loss, watch);
	};

	return maskedGan({
		id: "sag-gan",
		...{ networks, optimizers, rate, pools, toB: ["A_N", toT], toA: ["A_T", toN] },
		step({ a, b, masks }, draws, _iteration, ledger, watch) {
			if (masks === undefined && lambdaMask !== 0) {
				throw new RangeError("sag-gan: batch must hold masks of its tumours unless lambdaMask is 0, got none");
			}
			const isTaught = masks !== undefined && (lambdaMask !== 0 || watch !== undefined);
			const batch = isTaught ? { a, b, masks } : { a, b };
			const made = stepGenerators(batch, ledger, watch);
			try {
				const shownT = parted(pools.B.query(joined(made.toT), draws));
				stepDiscriminator("D_T", { image: b, mask: made.toT.mask }, shownT, ledger, watch);
				const shownN = parted(pools.A.query(joined(made.toN), draws));
				stepDiscriminator("D_N", { image: a, mask: made.toN.mask }, shownN, ledger, watch);
			} finally {
				tf.dispose(Object.values(made).flatMap(({ image, mask }) => [image, mask]));
			}
		},
	});
}

/** Table I: accuracy, then area under the curve, of a ResNet18 trained on each augmented set. */
const table = {
	columns: ["BraTS", "BraTS_S", "UNS"],
	rows: {
		"w/o DA": [0.9337, 0.8334, 0.6837, 0.9612, 0.9306, 0.794],
		OverSampling: [0.9375, 0.8418, 0.7196, 0.9643, 0.9328, 0.8072],
		UnderSampling: [0.9369, 0.8373, 0.7285, 0.9647, 0.9314, 0.8192],
		PGGAN: [0.9419, 0.85, 0.7331, 0.967, 0.9345, 0.8199],
		"MSG-GAN": [0.941, 0.853, 0.7354, 0.9667, 0.935, 0.819],
		CycleGAN: [0.943, 0.8539, 0.7387, 0.9679, 0.9354, 0.8208],
		UAGGAN: [0.9467, 0.8704, 0.7634, 0.9689, 0.9465, 0.829],
		AGGAN: [0.946, 0.8587, 0.7457, 0.9682, 0.9353, 0.8226],
		Ours: [0.9503, 0.8759, 0.765, 0.9697, 0.953, 0.8297],
	},
} as const;

// The three rows' order is that of the text, whose table cells ran together.
const uncertainRows: readonly string[] = ["CycleGAN", "UAGGAN", "AGGAN"];

const published: readonly Published[] = Object.entries(table.rows).flatMap(([row, values]) =>
	values.map((value, index) => ({
		table: "Table I",
		system: row,
		column: table.columns[index % 3] as string,
		metric: index < 3 ? "accuracy" : "AUC",
		value,
		// The third data set is never described.
		...(index % 3 === 2 || uncertainRows.includes(row) ? { unverified: true } : {}),
	})),
);

/** Table I says the same of every rival, on the whole set and on an eighth of it (metrics `…-eighth`). */
const rivals = {
	"without-augmentation": ["no augmentation", "w/o DA"],
	"over-sampling": ["over-sampling", "OverSampling"],
	"under-sampling": ["under-sampling", "UnderSampling"],
	pggan: ["PGGAN", "PGGAN"],
	"msg-gan": ["MSG-GAN", "MSG-GAN"],
	cyclegan: ["CycleGAN", "CycleGAN"],
	uaggan: ["UAGGAN", "UAGGAN"],
	aggan: ["AGGAN", "AGGAN"],
} as const;

const tableClaims: readonly Claim[] = Object.entries(rivals).flatMap(([id, [name, row]]) =>
	(["accuracy", "auc"] as const).flatMap((metric, half) =>
		[0, 1].map((column) => {
			const [ours, theirs] = [table.rows.Ours, table.rows[row]].map((values) => values[3 * half + column] as number);
			return {
				text: `SAG-GAN's pictures give the classifier a higher ${metric === "auc" ? "AUC" : metric} than ${name}, ${table.columns[column]}`,
				where: "Table I",
				better: "sag-gan",
				worse: id,
				metric: column === 0 ? metric : `${metric}-eighth`,
				direction: "higher" as const,
				published: `${ours} against ${theirs}`,
			};
		}),
	),
);

/** §V says in words that masks found the tumours better once labels taught them. */
const maskClaims: readonly Claim[] = [
	["sag-gan-without-labels", "those of SAG-GAN without labels", "§V, in words: labels make the attention robust"],
	["uaggan", "UAGGAN's, which no label teaches", "no claim of the paper by name: §V's, on UAGGAN"],
	["aggan", "AGGAN's, which no label teaches", "no claim of the paper by name: §V's, on AGGAN"],
].map(([worse = "", whose, where = ""]) => ({
	text: `SAG-GAN's masks, taught by labels, overlap the true masks of tumours more than ${whose}`,
	...{ where, better: "sag-gan", worse, metric: "attention-iou", direction: "higher", published: "no number" },
}));

export const paper: Paper = {
	id: "sag-gan",
	title: "SAG-GAN: Semi-Supervised Attention-Guided GANs for Data Augmentation on Medical Images",
	year: 2020,
	citation: "C. Qi, J. Chen, G. Xu, Z. Xu, T. Lukasiewicz, Y. Liu. arXiv 2011.07534.",
	url: "https://arxiv.org/abs/2011.07534",
	published,
	claims: [...maskClaims, ...tableClaims],
};

export const systems: readonly System[] = [
	system({
		id: "sag-gan",
		paper,
		role: "system",
		description: "Puts tumours into brain slices and takes them out, through masks half learned and half taught.",
		options: {
			...{ channels: 1, ngf: 64, blocks: 9, reduction: 16, amseNorm: "affine" as "affine" | "plain" },
			...{ ngfAttention: 32, ndf: 64, dLayers: 3, adversarial: "lsgan" as "lsgan" | "log" },
			...{ lambdaGan: 1, lambdaCyc: 10, lambdaMask: 1, poolSize: 50, rate: 2e-4 },
		},
		choices: { amseNorm: ["affine", "plain"], adversarial: ["lsgan", "log"] },
		networks: sagNetworks,
		build: sagGan,
	}),
];
