/** Goldens of feature extractors, whose weights are made by formula (formula-weights.ts). */
import * as tf from "@tensorflow/tfjs";
import type { TorchArray } from "../../engine/parameters.ts";
import type { Resizer } from "../../metrics/features/extractor.ts";
import { Inception } from "../../metrics/features/inception.ts";
import { resizers } from "../../metrics/features/resizers.ts";
import type { Results } from "./compare.ts";
import { formulaWeight } from "./formula-weights.ts";
import type { Golden } from "./golden.ts";
import type { ParitySystem } from "./system.ts";

export const extractors: ParitySystem = { parts: { inception_v3_fid: inceptionV3 } };

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
	using network = new Inception((name) => {
		const shape = shapes.get(name);
		return shape === undefined ? undefined : { shape, data: formulaWeight(name, shape) };
	});
	tf.tidy(() => {
		const rows = network.run(tf.tensor4d(pixels, [count, side, side, 3]).sub(128).div(128));
		for (const [layer, values] of Object.entries(rows)) {
			const name = layer === "logitsUnbiased" ? "logits_unbiased" : layer;
			results.set(`output/${name}`, { shape: values.shape, data: values.dataSync<"float32">() });
		}
	});
	return results;
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
