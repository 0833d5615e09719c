import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import * as tf from "@tensorflow/tfjs";
import type { Extractor } from "./extractor.ts";

/**
 * MobileNet v1 at width 0.25 (Howard et al., "MobileNets", 2017, Table 1): a 3 × 3 convolution and thirteen depthwise
 * separable blocks with batch norm and ReLU6, then the mean over space (256 features) and a linear classifier
 * (1000 ImageNet classes). Its weights come with the package. Distances in its features are not those of Inception:
 * they are shown as "FID-lite" and "KID-lite".
 */
export async function mobilenet(): Promise<Extractor> {
	const folder = new URL("../../../fixtures/mobilenet_v1_0.25_224/", import.meta.url);
	const manifest: Manifest = JSON.parse(await readFile(new URL("model.json", folder), "utf8"));
	const bytes = await readFile(new URL("weights.bin", folder));
	const read = reader(manifest, bytes);
	const first = folded(read, "conv1", "conv1/kernel", 3);
	const blocks = strides.map((stride, index) => ({
		stride,
		depthwise: folded(read, `conv_dw_${index + 1}`, `conv_dw_${index + 1}/depthwise_kernel`, 2),
		pointwise: folded(read, `conv_pw_${index + 1}`, `conv_pw_${index + 1}/kernel`, 3),
	}));
	const classifier = tf.tensor2d(read("conv_preds/kernel").data, [256, 1000]);
	const bias = tf.tensor1d(read("conv_preds/bias").data);
	const activation = "relu6";

	const network = (images: tf.Tensor4D): { features: tf.Tensor2D; logits: tf.Tensor2D } => {
		let x = tf.fused.conv2d({
			x: images,
			filter: first.filter as tf.Tensor4D,
			bias: first.bias,
			strides: 2,
			pad: "same",
			activation,
		});
		for (const { stride, depthwise, pointwise } of blocks) {
			x = tf.fused.depthwiseConv2d({
				x,
				filter: depthwise.filter as tf.Tensor4D,
				bias: depthwise.bias,
				strides: stride,
				pad: "same",
				activation,
			});
			x = tf.fused.conv2d({
				x,
				filter: pointwise.filter as tf.Tensor4D,
				bias: pointwise.bias,
				strides: 1,
				pad: "same",
				activation,
			});
		}
		const features = x.mean<tf.Tensor2D>([1, 2]); // [count, 256]
		return { features, logits: features.matMul<tf.Tensor2D>(classifier).add(bias) };
	};

	return {
		id: "mobilenet_v1_0.25_224",
		label: "lite",
		size: [224, 224],
		dimensions: 256,
		classes: 1000,
		protocol: {
			extractor: "mobilenet_v1_0.25_224",
			layer: "global average pool",
			weights: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
		},
		async extract(pixels, count) {
			const { features, logits } = tf.tidy(() =>
				network(tf.tensor4d(pixels, [count, 224, 224, 3]).div(127.5).sub(1) as tf.Tensor4D),
			);
			const rows = await Promise.all([features.data<"float32">(), logits.data<"float32">()]);
			tf.dispose([features, logits]);
			return { features: rows[0], logits: rows[1] };
		},
		[Symbol.dispose]() {
			tf.dispose([first, blocks, classifier, bias].flat(1) as unknown as tf.TensorContainer);
		},
	};
}

interface Manifest {
	readonly weightsManifest: readonly {
		readonly weights: readonly { readonly name: string; readonly shape: number[] }[];
	}[];
}

type Read = (name: string) => { readonly shape: number[]; readonly data: Float32Array };

/** Gives a weight by name: the file holds them one after another in the manifest's order. */
function reader(manifest: Manifest, bytes: Uint8Array): Read {
	// Copied, so that its start is aligned for float32.
	const values = new Float32Array(Uint8Array.from(bytes).buffer);
	const known = new Map<string, { shape: number[]; data: Float32Array }>();
	let start = 0;
	for (const { name, shape } of manifest.weightsManifest.flatMap((group) => group.weights)) {
		const size = shape.reduce((product, length) => product * length, 1);
		known.set(name, { shape, data: values.subarray(start, start + size) });
		start += size;
	}
	if (start !== values.length) {
		throw new RangeError(`mobilenet: weights.bin must hold ${start} numbers, got ${values.length}`);
	}
	return (name) => {
		const weight = known.get(name);
		if (weight === undefined) throw new RangeError(`mobilenet: no weight named ${name} in model.json`);
		return weight;
	};
}

/** A convolution with its batch norm multiplied in; `axis` of the kernel runs over the norm's channels. */
function folded(read: Read, layer: string, kernelName: string, axis: number): { filter: tf.Tensor; bias: tf.Tensor1D } {
	const kernel = read(kernelName);
	const [gamma, beta, mean, variance] = ["gamma", "beta", "moving_mean", "moving_variance"].map(
		(name) => read(`${layer}_bn/${name}`).data,
	) as [Float32Array, Float32Array, Float32Array, Float32Array];
	const scale = gamma.map((value, channel) => value / Math.sqrt((variance[channel] as number) + epsilon));
	const inner = kernel.shape.slice(axis + 1).reduce((product, length) => product * length, 1);
	const filter = kernel.data.map((value, at) => value * (scale[Math.floor(at / inner) % scale.length] as number));
	const bias = beta.map((value, channel) => value - (mean[channel] as number) * (scale[channel] as number));
	return { filter: tf.tensor(filter, kernel.shape), bias: tf.tensor1d(bias) };
}

/** Stride of each depthwise convolution (Table 1 of the paper). */
const strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1];

/** Batch norm's, as Keras trained these weights. */
const epsilon = 1e-3;
