/**
 * The published numbers and claims of the paper of FASRGAN, Fs-SRGAN and FA+Fs-SRGAN, which is one for the three systems. Tables are
 * as printed. Set5's PSNR and SSIM of the three systems were recomputed from the authors' pictures and agree to the last digit
 * (protocol: Y of BT.601, 4 pixels off each side); LPIPS and PI could not be recomputed.
 */
import type { Claim, Paper, Published } from "./paper.ts";

const compared = ["EnhanceNet", "SRGAN", "ESRGAN", "RankSRGAN", "FASRGAN", "Fs-SRGAN", "FA+Fs-SRGAN"] as const;

type Row = readonly number[];
// biome-ignore format: one printed row, one line
const tableOne: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
	Set5: {
		PSNR: [28.57, 29.91, 30.46, 29.73, 30.15, 30.28, 30.19],
		SSIM: [0.8102, 0.851, 0.8515, 0.8398, 0.845, 0.8588, 0.8571],
		PI: [2.8466, 3.4322, 3.5463, 2.9867, 3.1685, 3.9143, 3.7455],
		LPIPS: [0.0488, 0.0389, 0.035, 0.0348, 0.0325, 0.033, 0.0344],
	},
	Urban100: {
		PSNR: [23.54, 24.39, 24.36, 24.49, 24.51, 24.55, 24.67],
		SSIM: [0.6933, 0.7309, 0.7341, 0.7319, 0.738, 0.7509, 0.7466],
		PI: [3.4543, 3.4814, 3.7312, 3.3253, 3.5173, 3.594, 3.5819],
		LPIPS: [0.0777, 0.0693, 0.0591, 0.0667, 0.0588, 0.0591, 0.0625],
	},
	BSD100: {
		PSNR: [24.94, 25.5, 25.32, 25.51, 25.41, 25.61, 25.87],
		SSIM: [0.6266, 0.6528, 0.6514, 0.653, 0.6523, 0.6726, 0.6747],
		PI: [2.8467, 2.3054, 2.415, 2.0768, 2.2783, 2.4056, 2.3749],
		LPIPS: [0.0982, 0.0887, 0.0798, 0.085, 0.0796, 0.0801, 0.0855],
	},
	"DIV2K val": {
		PSNR: [27.28, 28.16, 28.17, 28.1, 28.15, 28.15, 28.23],
		SSIM: [0.746, 0.7753, 0.7759, 0.771, 0.7768, 0.7903, 0.7891],
		PI: [3.4953, 3.1619, 3.2572, 3.013, 3.1034, 3.3303, 3.3092],
		LPIPS: [0.0753, 0.0605, 0.055, 0.0576, 0.0539, 0.0542, 0.0576],
	},
	"PIRM val": {
		PSNR: [25.47, 25.61, 25.18, 25.65, 25.38, 25.75, 26.0],
		SSIM: [0.6569, 0.6757, 0.6596, 0.6726, 0.6648, 0.6907, 0.6934],
		PI: [2.6762, 2.2254, 2.5548, 2.0183, 2.2476, 2.3311, 2.2482],
		LPIPS: [0.0838, 0.0718, 0.0714, 0.0675, 0.0685, 0.0651, 0.0677],
	},
};

/** Errors of a ResNet-50 on upscaled pictures; which pictures of ImageNet is not said. */
const tableTwo: Readonly<Record<string, readonly [top1: number, top5: number]>> = {
	bicubic: [0.526, 0.277],
	SRCNN: [0.464, 0.23],
	FSRCNN: [0.488, 0.252],
	SRGAN: [0.41, 0.191],
	EnhanceNet: [0.454, 0.224],
	ESRGAN: [0.334, 0.132],
	RankSRGAN: [0.342, 0.136],
	"Fs-SRGAN": [0.338, 0.136],
	"FA+Fs-SRGAN": [0.337, 0.134],
	FASRGAN: [0.323, 0.124],
	"baseline (original)": [0.241, 0.071],
};

const tableFour: Readonly<Record<string, readonly [psnr: number, ssim: number, pi: number, lpips: number]>> = {
	SRCNN: [27.69, 0.7808, 7.8679, 0.229],
	RCAN: [27.65, 0.7803, 7.8519, 0.2311],
	ESRGAN: [27.57, 0.7748, 7.4819, 0.2215],
	FASRGAN: [27.57, 0.7732, 7.1178, 0.2111],
	"Fs-SRGAN": [27.47, 0.7744, 7.3112, 0.2151],
	ZSSR: [27.56, 0.7719, 7.4666, 0.2069],
	FSSR: [26.68, 0.7773, 7.0811, 0.1978],
	"ESRGAN fine-tuned": [26.67, 0.7378, 4.2885, 0.1134],
	"FASRGAN fine-tuned": [27.57, 0.7809, 5.0006, 0.1063],
	"Fs-SRGAN fine-tuned": [25.82, 0.7663, 4.9929, 0.1121],
};

const published: readonly Published[] = [
	...Object.entries(tableOne).flatMap(([column, metrics]) =>
		Object.entries(metrics).flatMap(([metric, row]) =>
			row.map((value, index) => ({ table: "Table I", system: compared[index] as string, column, metric, value })),
		),
	),
	...Object.entries(tableTwo).flatMap(([system, [top1, top5]]) => [
		{ table: "Table II", system, column: "top-1", metric: "error", value: top1, unverified: true },
		{ table: "Table II", system, column: "top-5", metric: "error", value: top5, unverified: true },
	]),
	...Object.entries(tableFour).flatMap(([system, values]) =>
		["PSNR", "SSIM", "PI", "LPIPS"].map((metric, index) => ({
			...{ table: "Table IV", system, column: "RealSR test" },
			...{ metric, value: values[index] as number },
		})),
	),
];

const claim = (better: string, metric: string, direction: Claim["direction"], text: string, gain: string): Claim => ({
	...{ text, where: "Table I", better, worse: "esrgan", metric, direction, published: gain },
});

const claims: readonly Claim[] = [
	claim("fasrgan", "lpips", "lower", "FASRGAN has a lower LPIPS than ESRGAN", "0.0325 against 0.0350 on Set5"),
	claim("fs-srgan", "lpips", "lower", "Fs-SRGAN has a lower LPIPS than ESRGAN", "0.0330 against 0.0350 on Set5"),
	claim("fs-srgan", "ssim", "higher", "Fs-SRGAN has a higher SSIM than ESRGAN", "0.8588 against 0.8515 on Set5"),
	claim("fa-fs-srgan", "ssim", "higher", "FA+Fs-SRGAN has a higher SSIM than ESRGAN", "0.8571 against 0.8515 on Set5"),
	claim(
		"fa-fs-srgan",
		"psnr",
		"higher",
		"FA+Fs-SRGAN has a higher PSNR than ESRGAN",
		"24.67 against 24.36 dB on Urban100, 25.87 against 25.32 dB on BSD100; on Set5 it is 0.27 dB lower",
	),
	{
		...claim("fasrgan", "accuracy", "higher", "FASRGAN's pictures are recognised more often than ESRGAN's", ""),
		...{ where: "Table II", published: "top-1 error of a ResNet-50 0.323 against 0.334" },
	},
];

export const fasrganPaper: Paper = {
	id: "fasrgan",
	title: "Fine-grained Attention and Feature-sharing Generative Adversarial Networks for Single Image Super-Resolution",
	year: 2021,
	citation: "Y. Yan, C. Liu, C. Chen, X. Sun, L. Jin, X. Peng, X. Zhou. IEEE Transactions on Multimedia, 2021.",
	url: "https://doi.org/10.1109/TMM.2021.3065731",
	published,
	claims,
};
