/**
 * The dual-attention U-Net that refines AGA-GAN's faces (arXiv 2111.10591), after NoviceMAn-prog/AGA-GAN@647a90c
 * agagan_unet.py: it takes the output of a trained, frozen AGA-GAN beside the bicubic enlargement (OpenCV's) of the same
 * low-resolution face, and is trained on the content loss P alone.
 *
 *     refined = U([G(low, attributes), bicubic(low)])
 *
 * Differs from the paper's figure, which feeds the generated face only: the code is followed.
 */
import * as tf from "@tensorflow/tfjs";
import { Adam, type EpsilonAt } from "../engine/adam.ts";
import { Parameters } from "../engine/parameters.ts";
import { Random } from "../engine/random.ts";
import {
	type AgaGeneratorOptions,
	agaGenerator,
	agaGeneratorLayers,
	agaMaps,
	maskMap,
} from "./layers/aga-generator.ts";
import { enlargeCubic } from "./layers/cubic-enlargement.ts";
import { type DualAttentionOptions, dualAttentionLayers, dualAttentionNetwork } from "./layers/dual-attention.ts";
import { evaluation, training } from "./layers/layer.ts";
import { Ledger } from "./layers/ledger.ts";
import { minimize } from "./layers/minimize.ts";
import { squeezeExcitation } from "./layers/squeeze-excitation.ts";
import { guidedContent, type PictureFeatures } from "./losses/guided.ts";
import { type Gan, type Paper, type ResolutionBatch, required } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface DualAttentionUnetOptions extends AgaGeneratorOptions, Pick<DualAttentionOptions, "reduction"> {
	/** Width of the U-Net's first level. @default 32 */
	readonly unetWidth?: number;
	/** False: the generator is told that no attribute is known. @default true */
	readonly guided?: boolean;
	/** Of the content loss's first term. @default none: that term is left out */
	readonly features?: PictureFeatures;
	/** What Adam's epsilon is added to: √v̂, or √v before its correction, as Keras has it. @default "running" */
	readonly epsilonAt?: EpsilonAt;
	/** Adam's rate. @default 1e-4 */
	readonly rate?: number;
	/** @default [0.9, 0.999] */
	readonly betas?: readonly [number, number];
	/** Of the initial weights. @default 0 */
	readonly seed?: number;
}

export interface DualAttentionUnet extends Gan<ResolutionBatch> {
	/** Refined high-resolution pictures in [-1, 1]; the caller disposes. */
	generate(low: tf.Tensor4D, labels?: tf.Tensor2D): tf.Tensor4D;
}

/** Builds the U-Net behind a generator, whose trained weights are to be put into `networks.G`; nothing here changes them. */
export function dualAttentionUnet(options: DualAttentionUnetOptions = {}): DualAttentionUnet {
	const {
		scale = 8,
		attributes: attributeCount = 38,
		unetWidth = 32,
		reduction = 16,
		guided = true,
		features,
	} = options;
	const { rate = 1e-4, betas: [beta1, beta2] = [0.9, 0.999], seed = 0 } = options;
	const { epsilonAt = "running" } = options;
	const random = Random.seed(seed);
	const networks = { G: new Parameters(random.split("G")), U: new Parameters(random.split("U")) };
	const generator = agaGenerator(networks.G, options);
	const unet = dualAttentionNetwork(networks.U, { width: unetWidth, reduction });
	const optimizer = new Adam(networks.U, { rate, beta1, beta2, epsilonAt });
	const start = (low: tf.Tensor4D, labels: tf.Tensor2D | undefined) => {
		const known: tf.Tensor2D = guided
			? required("dual-attention-unet", "labels", labels)
			: tf.zeros([low.shape[0], attributeCount]);
		const { image, masks } = generator(low, known);
		return { masks, input: tf.concat([image, enlargeCubic(low, scale)], 3) as tf.Tensor4D };
	};
	const refine = (low: tf.Tensor4D, labels: tf.Tensor2D | undefined) =>
		tf.tidy(() => {
			const { masks, input } = start(low, labels);
			const gates: Record<string, tf.Tensor4D> = {};
			const observe = (name: string, mask: tf.Tensor3D) => {
				// Kept, because the network's own scope ends before they are read.
				if (name.startsWith("spatial_")) gates[name] = tf.keep(tf.expandDims(mask, 3) as tf.Tensor4D);
			};
			const images = unet(input, { ...evaluation, observe });
			const spatial = Object.entries(gates).map(([name, gate]) => [name, maskMap(gate, images)] as const);
			tf.dispose(gates);
			return { images, maps: { ...agaMaps(masks, images), ...Object.fromEntries(spatial) } };
		});
	return {
		id: "dual-attention-unet",
		networks,
		optimizers: { U: optimizer },
		draw: () => ({}),
		step({ low, high, labels }, _draws, _iteration, watch) {
			using ledger = new Ledger();
			tf.tidy(() => {
				const { input } = start(low, labels);
				const loss = () => {
					const made = unet(input, training);
					const terms = Object.entries(guidedContent(high, made, features));
					return ledger.record("U/loss", tf.addN(terms.map(([name, term]) => ledger.record(`U/loss_${name}`, term))));
				};
				minimize(optimizer, { U: networks.U }, loss, watch);
			});
			return ledger.read();
		},
		generate: (low, labels) => tf.tidy(() => unet(start(low, labels).input, evaluation)),
		apply: ({ images, labels }) => refine(required("dual-attention-unet", "images", images), labels),
		attention({ low, labels }) {
			const { images, maps } = refine(low, labels);
			images.dispose();
			return maps;
		},
		setRate(fraction) {
			optimizer.rate = rate * fraction;
		},
		[Symbol.dispose]() {
			optimizer[Symbol.dispose]();
			networks.G[Symbol.dispose]();
			networks.U[Symbol.dispose]();
		},
	};
}

export const paper: Paper = {
	id: "dual-attention-unet",
	title: "AGA-GAN: Attribute Guided Attention Generative Adversarial Network with U-Net for Face Hallucination",
	year: 2021,
	citation: "A. Srivastava, S. Chanda, U. Pal. Image and Vision Computing, 2022. The refinement of AGA-GAN's faces.",
	url: "https://arxiv.org/abs/2111.10591",
	published: [],
	claims: [],
};

const squeezePaper: Paper = {
	id: "squeeze-excitation",
	title: "Squeeze-and-Excitation Networks",
	year: 2018,
	citation: "J. Hu, L. Shen, G. Sun. CVPR 2018.",
	url: "https://arxiv.org/abs/1709.01507",
	published: [],
	claims: [],
};

export const systems: readonly System[] = [
	system({
		id: "dual-attention-unet",
		paper,
		role: "system",
		description: "Refines the faces of a trained AGA-GAN by a U-Net with channel and spatial attention.",
		options: {
			...{ scale: 8, lowSize: 16, attributes: 38, width: 32, block: "code" as "code" | "figure", guided: true },
			...{ unetWidth: 32, reduction: 16, rate: 1e-4, epsilonAt: "running" as EpsilonAt },
		},
		choices: { block: ["code", "figure"], epsilonAt: ["corrected", "running"] },
		layers: ({ scale }) => ({ U: dualAttentionLayers(), G: agaGeneratorLayers(scale, "model") }),
		networks: ({ unetWidth, reduction, ...options }) => ({
			U: (parameters) => dualAttentionNetwork(parameters, { width: unetWidth, reduction }),
			G: (parameters) => agaGenerator(parameters, options),
		}),
		build: dualAttentionUnet,
	}),
	system({
		id: "squeeze-excitation",
		paper: squeezePaper,
		role: "part",
		description: "Scales each channel by a gate made of all channels' means.",
		options: { channels: 256, reduction: 16 },
		meanings: { channels: "Channels of the picture." },
		networks: ({ channels, reduction }) => ({ se: squeezeExcitation(channels, { reduction }) }),
	}),
];
