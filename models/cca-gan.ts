/**
 * CCA-GAN: Xu, Jin, Lu, Chung, "A Novel Cross Channel Self-Attention based Approach for Facial Attribute Editing", KSII
 * Transactions on Internet and Information Systems 15(6), June 2021, pp. 2115-2127. No code was published: the networks
 * are StarGAN's with row attention.
 *
 *     G: a row-attention module in front of every convolution (18 at six residual blocks), or one per residual block (12)
 *     D: one module on the picture
 *
 * Differs from the paper, which is silent here: layers, norms and label loss are StarGAN's; the adversarial form is
 * Wasserstein with penalty 10 (the printed log form is the option `adversarial: "log"`); the skip of a residual block
 * starts before its first module; sizes of the module: layers/row-attention.ts.
 */
import type { Parameters } from "../engine/parameters.ts";
import { rowAttentionMap } from "./layers/attention-map.ts";
import { rowAttention } from "./layers/row-attention.ts";
import { type Insert, starganDiscriminator, starganGenerator } from "./layers/stargan-backbone.ts";
import { type ConditionalGan, type StarganOptions, starganTraining } from "./layers/stargan-training.ts";
import type { Claim, Paper, Published } from "./paper.ts";
import { type System, system } from "./system.ts";

export interface CcaGanOptions extends StarganOptions {
	/** A module in front of every convolution, or one per residual block. @default "conv" */
	readonly placement?: "conv" | "block";
	/** Width of the value: half the channels and a convolution back, or all of them. @default "half" */
	readonly vChannels?: "half" | "full";
}

/** Builds CCA-GAN; the defaults are the paper's, with lambdaRec 1. */
export function ccaGan({ placement = "conv", vChannels = "half", ...options }: CcaGanOptions = {}): ConditionalGan {
	return starganTraining(
		"cca-gan",
		{ lambdaRec: 1, ...options },
		{
			generator: (parameters) => ccaGeneratorModules(parameters, { placement, vChannels }),
			discriminator: (parameters) => ccaDiscriminatorModule(parameters, { vChannels }),
			map: rowAttentionMap,
		},
	);
}

/** Modules `cca.0`, `cca.1`, … of G, in order of use. */
export function ccaGeneratorModules(
	parameters: Parameters,
	{ placement = "conv", vChannels = "half" }: Pick<CcaGanOptions, "placement" | "vChannels"> = {},
): Insert {
	let count = 0;
	return ({ place, part, channels }) => {
		if (place === "after" || (placement === "block" && part === 1)) return undefined;
		const name = `cca.${count}`;
		count += 1;
		return rowAttention(channels, { vChannels, name })(parameters.at(name));
	};
}

/** Module `cca` of D, on the picture. */
export function ccaDiscriminatorModule(
	parameters: Parameters,
	{ vChannels = "half" }: Pick<CcaGanOptions, "vChannels"> = {},
): Insert {
	return ({ place, layer, channels }) =>
		place === "before" && layer === 1
			? rowAttention(channels, { vChannels, name: "cca" })(parameters.at("cca"))
			: undefined;
}

const columns = ["Black hair", "Golden hair", "Brown hair", "Gender", "Aged"] as const;
type Row = readonly (readonly [value: number, spread?: number])[];
const fid: Readonly<Record<string, Row>> = {
	StarGAN: [[0.8], [1.01], [0.81], [0.93], [0.89]],
	"StarGAN+SAGAN": [[0.82], [1.06], [0.78], [0.92], [0.87]],
	"CCA-GAN": [[0.68], [0.81], [0.61], [0.67], [0.65]],
	"CCA-GAN (lambda_r=0)": [[0.78], [0.93], [0.72], [0.86], [0.78]],
};
// biome-ignore format: one printed row, one line
const kid: Readonly<Record<string, Row>> = {
	StarGAN: [[2, 1.05], [1.97, 0.47], [1.42, 0.58], [1.88, 0.67], [2.1, 0.97]],
	"StarGAN+SAGAN": [[1.15, 0.51], [2.66, 0.94], [1.23, 0.62], [1.12, 0.72], [1.45, 0.39]],
	"CCA-GAN": [[1.37, 0.74], [1.52, 0.41], [1.75, 0.87], [0, 0.71], [1.21, 1.67]],
	"CCA-GAN (lambda_r=0)": [[0.48, 0.47], [1.47, 0.5], [0.52, 0.45], [0.84, 0.5], [0.24, 0.24]],
};

const tableOne = (metric: string, rows: Readonly<Record<string, Row>>): Published[] =>
	Object.entries(rows).flatMap(([system, cells]) =>
		cells.map(([value, spread], index) => ({
			table: "Table 1",
			system,
			column: columns[index] as string,
			metric,
			value,
			...(spread === undefined ? {} : { spread }),
			unverified: true,
		})),
	);

const claim = (worse: string, metric: string, text: string, published: string): Claim => ({
	text,
	where: "§4.3, Table 1",
	better: "cca-gan",
	worse,
	metric,
	direction: "lower",
	published,
});

/** The figure shows heat maps of one face; how they were made is not said. */
const colourClaim = (worse: string, name: string): Claim => ({
	text: `The colours of CCA-GAN's edits are distributed more like their source's than those of ${name}`,
	where: "§4.4, Fig. 7",
	better: "cca-gan",
	worse,
	metric: "colour-distance",
	direction: "lower",
	published: "no number; the figure's method is not described",
});

/**
 * Table 1 as printed. The units are unverified: they agree with a tool that prints FID / 100 and KID × 100, so 0.68 reads
 * as FID 68. The printed gains in KID contradict the table: CCA-GAN is behind StarGAN on brown hair.
 */
export const paper: Paper = {
	id: "cca-gan",
	title: "A Novel Cross Channel Self-Attention based Approach for Facial Attribute Editing",
	year: 2021,
	citation:
		"M. Xu, R. Jin, L. Lu, T.-S. Chung. KSII Transactions on Internet and Information Systems 15(6), June 2021, pp. 2115-2127.",
	url: "https://doi.org/10.3837/tiis.2021.06.010",
	published: [...tableOne("FID", fid), ...tableOne("KID", kid)],
	claims: [
		claim("stargan", "fid", "CCA-GAN has a lower FID than StarGAN", "15 to 28 % lower"),
		claim("stargan-sagan", "fid", "CCA-GAN has a lower FID than StarGAN+SAGAN", "17 to 27 % lower"),
		claim(
			"stargan",
			"kid",
			"CCA-GAN has a lower KID than StarGAN",
			"23 to 100 % in the text, 25 to 100 % in the abstract; the table has it 23 % higher on brown hair",
		),
		claim(
			"stargan-sagan",
			"kid",
			"CCA-GAN has a lower KID than StarGAN+SAGAN",
			"not on black and brown hair in the table",
		),
		{
			text: "CCA-GAN without reconstruction (lambda_r = 0) has a lower KID than StarGAN+SAGAN",
			where: "§4.3, Table 1",
			better: "cca-gan-lambda-rec-0",
			worse: "stargan-sagan",
			metric: "kid",
			direction: "lower",
			published: "45 to 89 % in the text; 25 to 83 % by the table",
		},
		colourClaim("stargan", "StarGAN"),
		colourClaim("stargan-sagan", "StarGAN+SAGAN"),
	],
};

export const systems: readonly System[] = [
	system({
		id: "cca-gan",
		paper,
		role: "system",
		description:
			"StarGAN with cross-channel row attention in front of every convolution of G, and on the picture in D.",
		options: {
			...{ imageSize: 128, gConvDim: 64, dConvDim: 64, cDim: 5, gRepeatNum: 6, dRepeatNum: 6, track: false },
			...{ placement: "conv" as "conv" | "block", vChannels: "half" as "half" | "full" },
			...{ adversarial: "wgan-gp" as "wgan-gp" | "log", lambdaRec: 1, lambdaCls: 1, lambdaGp: 10, nCritic: 5 },
			...{ gRate: 1e-4, dRate: 1e-4 },
		},
		choices: { placement: ["conv", "block"], vChannels: ["half", "full"], adversarial: ["wgan-gp", "log"] },
		networks: ({ imageSize, gConvDim, dConvDim, cDim, gRepeatNum, dRepeatNum, track, placement, vChannels }) => ({
			G: (parameters) => {
				const insert = ccaGeneratorModules(parameters, { placement, vChannels });
				return starganGenerator(parameters, { convDim: gConvDim, cDim, repeatNum: gRepeatNum, track, insert });
			},
			D: (parameters) => {
				const insert = ccaDiscriminatorModule(parameters, { vChannels });
				return starganDiscriminator(parameters, {
					...{ imageSize, convDim: dConvDim, cDim, repeatNum: dRepeatNum, insert },
				});
			},
		}),
		build: ccaGan,
	}),
	system({
		id: "row-attention",
		paper,
		role: "part",
		description: "The cross-channel self-attention of CCA-GAN: every row of the picture attends to every row.",
		options: { channels: 256, vChannels: "half" as "half" | "full" },
		choices: { vChannels: ["half", "full"] },
		meanings: { channels: "Channels of the picture." },
		networks: ({ channels, vChannels }) => ({ attention: rowAttention(channels, { vChannels }) }),
	}),
];
