/** Discriminators of the CycleGAN family (junyanz/pytorch-CycleGAN-and-pix2pix networks.py). */
import { leakyRelu } from "./activation.ts";
import { convolution } from "./convolution.ts";
import { type Block, sequence } from "./layer.ts";
import { cycleganInit, type Norm, normalization } from "./normalization.ts";
import { spectralConvolution } from "./spectral-norm.ts";

export interface PatchganOptions {
	/** Channels of the pictures. @default 3 */
	readonly channels?: number;
	/** Width of the first layer. @default 64 */
	readonly ndf?: number;
	/** Strided layers; 3 gives patches of 70 × 70 pixels. @default 3 */
	readonly layers?: number;
	/** @default "instance" */
	readonly norm?: Norm;
}

/** PatchGAN: pictures [N, H, W, channels] → a score per patch. Parameters are named `model.…`. */
export function patchgan({ channels = 3, ndf = 64, layers = 3, norm = "instance" }: PatchganOptions = {}): Block {
	const bias = norm === "instance";
	const widths = widthsOf(ndf, layers);
	const inner = widths.slice(1).flatMap((width, index) => [
		convolution(widths[index] as number, width, {
			...cycleganInit,
			kernel: 4,
			stride: index + 1 < layers ? 2 : 1,
			padding: 1,
			bias,
		}),
		normalization(norm, width),
		leakyRelu(0.2),
	]);
	const blocks = sequence(
		convolution(channels, ndf, { ...cycleganInit, kernel: 4, stride: 2, padding: 1 }),
		leakyRelu(0.2),
		...inner,
		convolution(widths[layers] as number, 1, { ...cycleganInit, kernel: 4, padding: 1 }),
	);
	return (parameters) => blocks(parameters.at("model"));
}

/** PatchGAN with spectral norm on every convolution and no other norm. Parameters are named `model.…`. */
export function spectralPatchgan({ channels = 3, ndf = 64, layers = 3 }: Omit<PatchganOptions, "norm"> = {}): Block {
	const widths = widthsOf(ndf, layers);
	const convolutions = widths.map((width, index) =>
		spectralConvolution(index === 0 ? channels : (widths[index - 1] as number), width, {
			...cycleganInit,
			kernel: 4,
			stride: index < layers ? 2 : 1,
			padding: 1,
		}),
	);
	const blocks = sequence(
		...convolutions.flatMap((convolution) => [convolution, leakyRelu(0.2)]),
		spectralConvolution(widths[layers] as number, 1, { ...cycleganInit, kernel: 4, padding: 1 }),
	);
	return (parameters) => blocks(parameters.at("model"));
}

/** Channels behind each layer but the last. */
function widthsOf(ndf: number, layers: number): number[] {
	return Array.from({ length: layers + 1 }, (_, index) => ndf * Math.min(2 ** index, 8));
}

/** PixelGAN: pictures → a score per pixel, by 1 × 1 convolutions. Parameters are named `net.…`. */
export function pixelgan({ channels = 3, ndf = 64, norm = "instance" }: Omit<PatchganOptions, "layers"> = {}): Block {
	const bias = norm === "instance";
	const blocks = sequence(
		convolution(channels, ndf, { ...cycleganInit, kernel: 1 }),
		leakyRelu(0.2),
		convolution(ndf, ndf * 2, { ...cycleganInit, kernel: 1, bias }),
		normalization(norm, ndf * 2),
		leakyRelu(0.2),
		convolution(ndf * 2, 1, { ...cycleganInit, kernel: 1, bias }),
	);
	return (parameters) => blocks(parameters.at("net"));
}

/** The discriminators that systems of this family choose from: per patch, per pixel, or per patch with spectral norm. */
export type Judge = "patch" | "pixel" | "spectral";

/** One of the discriminators by name; norm and layers count where it has them. */
export function cycleDiscriminator(kind: Judge, options: PatchganOptions = {}): Block {
	return { patch: patchgan, pixel: pixelgan, spectral: spectralPatchgan }[kind](options);
}
