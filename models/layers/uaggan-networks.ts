/**
 * Networks of UAGGAN (AlamiMejjati/Unsupervised-Attention-guided-Image-to-Image-Translation@a691e3a). Parameters carry the
 * names of its TensorFlow variables with dots for slashes: `c1.Conv.weight`, `r1.c2.instance_norm.bias`.
 */
import * as tf from "@tensorflow/tfjs";
import { detach } from "../../engine/ops/detach.ts";
import { relu } from "../../engine/ops/relu.ts";
import { upsampleNearest } from "../../engine/ops/upsample-nearest.ts";
import { constantInit, type Parameters, truncatedNormalInit } from "../../engine/parameters.ts";
import { leakyRelu } from "./activation.ts";
import { type ConvolutionOptions, convolution, transposedConvolution } from "./convolution.ts";
import { instanceNorm } from "./instance-norm.ts";
import type { Block, Layer } from "./layer.ts";

export interface UagganNetworkOptions {
	/** Channels of the pictures. @default 3 */
	readonly channels?: number;
	/** Width of the first layer of generators and attention networks. @default 32 */
	readonly ngf?: number;
	/** Residual blocks of a generator. @default 9 */
	readonly blocks?: number;
	/** Width of the discriminators' first layer. @default 64 */
	readonly ndf?: number;
	/**
	 * Kernels of the attention networks' last three convolutions: `run`, 1, 1 and 1 as the code runs, whose kernel sizes
	 * stand where its helper ignores them; `written`, 3, 3 and 7. @default "run"
	 */
	readonly kernels?: "run" | "written";
	/** Adds the input to the generator's result in front of tanh. @default false */
	readonly skip?: boolean;
	/** The norm's scale and shift that the code also makes behind each network's last layer, and never uses. @default false */
	readonly unusedNorms?: boolean;
}

const init = { initializer: truncatedNormalInit(0.02), biasInitializer: constantInit(0) };

/** The norm of a layer, with scale near one and a shift. */
const norm = (parameters: Parameters, channels: number): Layer =>
	instanceNorm(channels, { affine: true, initializer: truncatedNormalInit(0.02, 1) })(parameters.at("instance_norm"));

/** Convolution and instance norm. */
function normed(parameters: Parameters, input: number, output: number, options: ConvolutionOptions): Layer {
	const convolve = convolution(input, output, { ...init, ...options })(parameters.at("Conv"));
	const normalize = norm(parameters, output);
	return (x, pass) => normalize(convolve(x, pass), pass);
}

/** Two convolutions with a skip, and a ReLU behind the sum. */
function residual(parameters: Parameters, channels: number, options: ConvolutionOptions): Layer {
	const first = normed(parameters.at("c1"), channels, channels, options);
	const second = normed(parameters.at("c2"), channels, channels, options);
	return (x, pass) => relu(tf.add(x, second(relu(first(x, pass)), pass)));
}

/** Pictures [N, H, W, channels], H and W multiples of 4, to masks [N, H, W, 1] in [0, 1]. */
export function uagganAttention({
	channels = 3,
	ngf = 32,
	kernels = "run",
	unusedNorms = false,
}: UagganNetworkOptions = {}): Block {
	const [small, large] = kernels === "run" ? [1, 1] : [3, 7];
	const same = (kernel: number) => ({ kernel, padding: (kernel - 1) / 2 });
	return (parameters) => {
		const first = normed(parameters.at("c1"), channels, ngf, { kernel: 7, stride: 2, reflect: 3 });
		const second = normed(parameters.at("c2"), ngf, ngf * 2, { stride: 2, padding: "same" });
		const block = residual(parameters.at("r1"), ngf * 2, { reflect: 1 });
		const fourth = normed(parameters.at("c4"), ngf * 2, ngf * 2, same(small));
		const fifth = normed(parameters.at("c5"), ngf * 2, ngf, same(small));
		const last = convolution(ngf, 1, { ...init, ...same(large) })(parameters.at("c6").at("Conv"));
		if (unusedNorms) norm(parameters.at("c6"), 1);
		return (x, pass) =>
			tf.tidy(() => {
				const features = block(relu(second(relu(first(x, pass)), pass)), pass);
				const larger = relu(fourth(upsampleNearest(features, 2), pass));
				return tf.sigmoid(last(relu(fifth(upsampleNearest(larger, 2), pass)), pass));
			});
	};
}

/** Pictures [N, H, W, channels] in [-1, 1], H and W multiples of 4, to the same. */
export function uagganGenerator({
	channels = 3,
	ngf = 32,
	blocks = 9,
	skip = false,
	unusedNorms = false,
}: UagganNetworkOptions = {}): Block {
	const wide = ngf * 4;
	return (parameters) => {
		const down: Layer[] = [
			normed(parameters.at("c1"), channels, ngf, { kernel: 7, padding: 3 }),
			normed(parameters.at("c2"), ngf, ngf * 2, { stride: 2, padding: "same" }),
			normed(parameters.at("c3"), ngf * 2, wide, { stride: 2, padding: "same" }),
		];
		const middle = Array.from({ length: blocks }, (_, index) =>
			residual(parameters.at(`r${index + 1}`), wide, { padding: 1 }),
		);
		const up = [
			["c4", wide, ngf * 2],
			["c5", ngf * 2, ngf],
		] as const;
		const larger = up.map(([name, input, output]): Layer => {
			const options = { ...init, stride: 2, padding: "same" } as const;
			const convolve = transposedConvolution(input, output, options)(parameters.at(name).at("Conv2d_transpose"));
			const normalize = norm(parameters.at(name), output);
			return (x, pass) => normalize(convolve(x, pass), pass);
		});
		const last = convolution(ngf, channels, { ...init, kernel: 7, padding: 3 })(parameters.at("c6").at("Conv"));
		if (unusedNorms) norm(parameters.at("c6"), channels);
		return (x, pass) =>
			tf.tidy(() => {
				const features = down.reduce((value, layer) => relu(layer(value, pass)), x);
				const deep = middle.reduce((value, layer) => layer(value, pass), features);
				const made = last(
					larger.reduce((value, layer) => relu(layer(value, pass)), deep),
					pass,
				);
				return tf.tanh(skip ? tf.add(x, made) : made);
			});
	};
}

/** What the discriminators do before and after the switch. */
export interface Phase {
	/** Pixels whose mask is below are black to the discriminators; 0 shows everything. */
	readonly threshold: number;
	/** Instance norm in the discriminators. */
	readonly normed: boolean;
}

/** Scores per patch of pictures behind their masks. */
export type UagganDiscriminator = (x: tf.Tensor4D, mask: tf.Tensor4D, phase: Phase) => tf.Tensor4D;

export function uagganDiscriminator({
	channels = 3,
	ndf = 64,
	unusedNorms = false,
}: UagganNetworkOptions = {}): (parameters: Parameters) => UagganDiscriminator {
	const widths = [channels, ndf, ndf * 2, ndf * 4, ndf * 8];
	return (parameters) => {
		const stages = widths.slice(1).map((output, index) => {
			const place = parameters.at(`c${index + 1}`);
			const stride = index < 3 ? 2 : 1;
			const options = { ...init, kernel: 4, stride, padding: 2 };
			const convolve = convolution(widths[index] as number, output, options)(place.at("Conv"));
			return { convolve, normalize: norm(place, output) };
		});
		const last = convolution(ndf * 8, 1, { ...init, kernel: 4, padding: 2 })(parameters.at("c5").at("Conv"));
		if (unusedNorms) norm(parameters.at("c5"), 1);
		const activation = leakyRelu(0.2)(parameters);
		const pass = { training: true };
		return (x, mask, { threshold, normed }) =>
			tf.tidy(() => {
				const seen = detach(tf.cast(tf.greaterEqual(mask, threshold), "float32"));
				const features = stages.reduce((value, { convolve, normalize }) => {
					const made = convolve(value, pass);
					return activation(normed ? normalize(made, pass) : made, pass);
				}, tf.mul(x, seen) as tf.Tensor4D);
				return last(features, pass);
			});
	};
}
