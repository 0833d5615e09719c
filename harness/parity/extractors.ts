/** Goldens of feature extractors, whose weights are made by formula (formula-weights.ts). */
import * as tf from "@tensorflow/tfjs";
import { Parameters, type TorchArray } from "../../engine/parameters.ts";
import { Random } from "../../engine/random.ts";
import type { Resizer } from "../../metrics/features/extractor.ts";
import { Inception, type TorchWeight } from "../../metrics/features/inception.ts";
import { resizers } from "../../metrics/features/resizers.ts";
import { Trunk } from "../../metrics/features/trunks.ts";
import { type FeatureMap, lpipsInput, lpipsLayer } from "../../metrics/lpips.ts";
import { lpipsHeads, lpipsNets } from "../../metrics/lpips-heads.ts";
import { evaluation } from "../../models/layers/layer.ts";
import { resnetNetwork } from "../../models/resnet.ts";
import type { Results } from "./compare.ts";
import { formulaWeights } from "./formula-weights.ts";
import type { Golden } from "./golden.ts";
import type { ParitySystem } from "./system.ts";

export const extractors: ParitySystem = {
	parts: { inception_v3_fid: inceptionV3, lpips: perceptualDistances, torchvision },
};

const side = 299;

/** From the pictures' bytes to every layer, through TensorFlow 1's resize. */
function inceptionV3({ tensors, shapes }: Golden): Results {
	const images = tensors.get("input/images_uint8") as TorchArray;
	const [count, , height, width] = images.shape as [number, number, number, number];
	const resizer = resizers["tensorflow1-bilinear"] as Resizer;
	const pixels = new Float32Array(count * side * side * 3);
	for (let index = 0; index < count; index += 1) {
		const picture = { data: channelsLast(images, index), height, width, channels: 3 };
		pixels.set(resizer.resize(picture, side, side), index * side * side * 3);
	}
	const results = new Map<string, TorchArray>([["output/resized_299_first", firstAsHalf(pixels)]]);
	using network = new Inception(formulaWeights(shapes));
	tf.tidy(() => {
		const rows = network.run(tf.tensor4d(pixels, [count, side, side, 3]).sub(128).div(128));
		for (const [layer, values] of Object.entries(rows)) {
			const name = layer === "logitsUnbiased" ? "logits_unbiased" : layer;
			results.set(`output/${name}`, { shape: values.shape, data: values.dataSync<"float32">() });
		}
	});
	return results;
}

/** Distances of the first half of the pictures from the second, and the mean of each slice for the first picture. */
function perceptualDistances({ tensors, shapes }: Golden): Results {
	const images = tensors.get("input/images_uint8") as TorchArray;
	const [count, , height, width] = images.shape as [number, number, number, number];
	const inputs = Array.from({ length: count }, (_, index) =>
		lpipsInput({ data: channelsLast(images, index), height, width, channels: 3 }, "v0.1", 255),
	);
	const results = new Map<string, TorchArray>();
	for (const net of lpipsNets) {
		using trunk = new Trunk(net, formulaWeights(shapes, net));
		const heads = lpipsHeads(net, "v0.1");
		const slices = inputs.map((input) => trunk.maps(input));
		const half = count / 2;
		const distances = Float32Array.from({ length: half }, (_, index) =>
			heads.reduce((sum, head, layer) => {
				const [x, y] = [slices[index]?.[layer], slices[index + half]?.[layer]];
				return sum + lpipsLayer(x as FeatureMap, y as FeatureMap, head);
			}, 0),
		);
		results.set(`output/lpips_${net}`, { shape: [half], data: distances });
		for (const [layer, map] of (slices[0] ?? []).entries()) {
			results.set(`output/${net}_slice${layer + 1}_mean`, { shape: [1, map.channels], data: positionMean(map) });
		}
	}
	return results;
}

function positionMean({ data, height, width, channels }: FeatureMap): Float32Array {
	return Float32Array.from({ length: channels }, (_, channel) => {
		let total = 0;
		for (let at = channel; at < data.length; at += channels) total += data[at] as number;
		return total / (height * width);
	});
}

/** ImageNet's mean and deviation of red, green and blue on 0 … 1. */
const imagenet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** Torchvision's VGG19, Inception v3 and ResNet18. */
function torchvision({ tensors, shapes }: Golden): Results {
	const results = new Map<string, TorchArray>();
	const images = tf.tidy(() => {
		const { shape, data } = tensors.get("input/images_uint8") as TorchArray;
		const bytes = tf.tensor4d(data, shape as [number, number, number, number]).transpose([0, 2, 3, 1]);
		return bytes.div(255).sub(imagenet.mean).div<tf.Tensor4D>(imagenet.deviation);
	});
	using vgg = new Trunk("vgg19", formulaWeights(shapes, "vgg19"));
	const entries = [21, 34];
	tf.tidy(() => {
		const two = images.slice([0], [2]);
		for (const [place, output] of vgg.outputs(two, entries).entries()) {
			const name = `output/vgg19_features_${entries[place]}`;
			results.set(`${name}_mean`, stored(output.mean([1, 2])));
			results.set(`${name}_crop`, stored(output.slice([0, 0, 0, 0], [2, 4, 4, 32]).transpose([0, 3, 1, 2])));
		}
	});
	using network = new Inception(formulaWeights(shapes, "inception_v3"), "torchvision");
	tf.tidy(() => {
		// The size that this network was made for, by torch's bilinear resize.
		const sized = tf.image.resizeBilinear(images, [side, side], false, true);
		results.set("output/torchvision_inception_v3_logits", stored(network.run(sized).logits));
	});
	results.set("output/resnet18_2class_logits", resnetLogits(images, formulaWeights(shapes, "resnet18")));
	images.dispose();
	return results;
}

function resnetLogits(images: tf.Tensor4D, weightOf: (name: string) => TorchWeight | undefined): TorchArray {
	using parameters = new Parameters(Random.seed(0));
	const network = resnetNetwork(parameters);
	for (const { name } of parameters.entries()) {
		const weight = weightOf(name);
		if (weight !== undefined) parameters.write(name, { shape: weight.shape, data: Float32Array.from(weight.data) });
		else if (!name.endsWith("num_batches_tracked")) throw new Error(`resnet18: file must name ${name}, got none`);
	}
	const logits = network(images, evaluation);
	const result = stored(logits);
	logits.dispose();
	return result;
}

function stored(tensor: tf.Tensor): TorchArray {
	return { shape: tensor.shape, data: tensor.dataSync<"float32">() };
}

function channelsLast({ shape, data }: TorchArray, index: number): Uint8Array {
	const [, channels, height, width] = shape as [number, number, number, number];
	const area = height * width;
	return Uint8Array.from({ length: channels * area }, (_, at) => {
		const [place, channel] = [Math.floor(at / channels), at % channels];
		return data[(index * channels + channel) * area + place] as number;
	});
}

/** The first picture [1, 3, 299, 299] in the half precision that the file keeps it in: a step of 1/8 near 255. */
function firstAsHalf(pixels: Float32Array): TorchArray {
	const area = side * side;
	const data = new Float32Array(3 * area);
	for (let place = 0; place < area; place += 1) {
		for (let channel = 0; channel < 3; channel += 1) {
			const value = pixels[place * 3 + channel] as number;
			const step = 2 ** (Math.floor(Math.log2(Math.max(value, 2 ** -14))) - 10);
			data[channel * area + place] = halfToEven(value / step) * step;
		}
	}
	return { shape: [1, 3, side, side], data };
}

function halfToEven(value: number): number {
	const below = Math.floor(value);
	if (value - below !== 0.5) return Math.round(value);
	return below % 2 === 0 ? below : below + 1;
}
