/**
 * Generator of AGA-GAN (attribute-guided face super-resolution), as NoviceMAn-prog/AGA-GAN@647a90c builds it. Parameters are
 * named by the parts below; `agaGeneratorLayers` gives the names that Keras gave them. w is `width`, 32 in the paper;
 * L is a leaky ReLU of 0.25; `up` a sub-pixel enlargement, which ends in a ReLU.
 *
 *     attributes: l1 l2 l3 of the picture, d a1 a2 a3 of the attributes, f1 f2 f3 of both → S0 = up
 *     picture:    c1 ++ f1 → c2 → R1 → c3 (++ f2) → R2 → c4 (++ f3) → 0.4·R3 + c2 → c5 → X0 = up
 *     attention:  att1 att2 att3 pass X on under masks made of S, and S on under X; X = X3 + X0
 *     decoder:    f5 f6 enlarge X + S2, u3 u2 enlarge X beside them, u1 (u0 at ×16) out → tanh
 */
import * as tf from "@tensorflow/tfjs";
import { leakyRelu as leaky } from "../../engine/ops/leaky-relu.ts";
import { upsampleNearest } from "../../engine/ops/upsample-nearest.ts";
import type { Parameters } from "../../engine/parameters.ts";
import { type AttentionForm, attributeAttention } from "./attribute-attention.ts";
import { dense, sameConvolution, sameTransposed, subPixel } from "./keras-layers.ts";
import { evaluation, type Layer } from "./layer.ts";
import { residualDense } from "./residual-dense.ts";

export interface AgaGeneratorOptions {
	/** How many times larger the result is: 8 or 16 as the code has it; 4 leaves one enlargement out. @default 8 */
	readonly scale?: number;
	/** Side of the low-resolution pictures: the attributes' dense layer makes that many pixels. @default 16 */
	readonly lowSize?: number;
	/** Length of the attribute vector. @default 38 */
	readonly attributes?: number;
	/** Width of the first layers, of which all others are multiples. @default 32 */
	readonly width?: number;
	/** Attention blocks as the code has them, or as the paper's figure. @default "code" */
	readonly block?: AttentionForm;
}

export interface AgaResult {
	/** [N, scale·H, scale·W, 3] in [-1, 1]. */
	readonly image: tf.Tensor4D;
	/** Masks of the three attention blocks, [N, 2H, 2W, 1] twice and [N, 2H, 2W, 4·width], in [0, 1]. */
	readonly masks: readonly [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
}

/** Low-resolution pictures [N, H, W, 3] and attributes [N, attributes] of −1, 0 (unknown) and 1 → what the pass made. */
export type AgaGenerator = (low: tf.Tensor4D, attributes: tf.Tensor2D) => AgaResult;

const slope = 0.25;

/** Builds the generator. */
export function agaGenerator(parameters: Parameters, options: AgaGeneratorOptions = {}): AgaGenerator {
	const { scale = 8, lowSize = 16, attributes: attributeCount = 38, width: w = 32, block = "code" } = options;
	if (scale !== 4 && scale !== 8 && scale !== 16)
		throw new RangeError(`aga-gan: scale must be 4, 8 or 16, got ${scale}`);
	const at = (name: string) => parameters.at(name);
	const linear3 = (name: string, input: number, output: number): Layer => sameConvolution(input, output)(at(name));
	const conv = (name: string, input: number, output: number): Layer => {
		const layer = linear3(name, input, output);
		return (x, pass) => leaky(layer(x, pass), slope);
	};
	const up = (name: string, input: number, output: number) => subPixel(input, output)(at(name));
	const [l1, l2, l3] = [conv("l1", 3, w), conv("l2", w, w), linear3("l3", w, w)];
	const d = dense(attributeCount, lowSize ** 2 * 3)(at("d"));
	const [a1, a2, a3] = [conv("a1", 3, w), conv("a2", w, w), linear3("a3", w, w)];
	const [f1, f2, f3] = [conv("f1", 2 * w, 2 * w), conv("f2", 2 * w, 4 * w), conv("f3", 4 * w, 4 * w)];
	const [s0, c1, c2] = [up("S0", 4 * w, 4 * w), conv("c1", 3, 2 * w), conv("c2", 4 * w, 4 * w)];
	const [r1, r2, r3] = (["R1", "R2", "R3"] as const).map((name) =>
		residualDense(4 * w, 2 * w)(at(name)),
	) as Three<Layer>;
	const [c3, c4, c5] = [conv("c3", 8 * w, 4 * w), conv("c4", 8 * w, 4 * w), conv("c5", 4 * w, 4 * w)];
	const x0 = up("X0", 4 * w, 4 * w);
	const attention = [
		attributeAttention(at("att1"), 4 * w, { maskKernel: 1, maskChannels: 1, form: block }),
		attributeAttention(at("att2"), 4 * w, { maskKernel: 3, maskChannels: 1, form: block }),
		attributeAttention(at("att3"), 4 * w, { maskKernel: 3, maskChannels: 4 * w, form: block, isLast: true }),
	] as const;
	const isTwice = scale > 4;
	const [f5, u3] = [up("f5", 4 * w, 2 * w), up("u3", 8 * w, 4 * w)];
	const f6 = isTwice ? up("f6", 2 * w, 2 * w) : undefined;
	const u2 = isTwice ? up("u2", 6 * w, 2 * w) : undefined;
	const u1 = sameTransposed(isTwice ? 4 * w : 6 * w, 2 * w)(at("u1"));
	const u0 = scale === 16 ? up("u0", 2 * w, 2 * w) : undefined;
	const out = linear3("out", 2 * w, 3);

	const run = (layer: Layer, ...inputs: tf.Tensor4D[]): tf.Tensor4D =>
		layer(inputs.length === 1 ? (inputs[0] as tf.Tensor4D) : tf.concat(inputs, 3), evaluation);
	const chain = (x: tf.Tensor4D, ...layers: Layer[]) => layers.reduce((value, layer) => run(layer, value), x);
	const forward: AgaGenerator = (low, attributes) => {
		const planes: tf.Tensor4D = tf.reshape(leaky(d(attributes), slope), [low.shape[0], lowSize, lowSize, 3]);
		const guide1 = run(f1, chain(planes, a1, a2, a3), chain(low, l1, l2, l3));
		const guide2 = run(f2, guide1);
		const guide3 = run(f3, guide2);
		const start = run(c2, run(c1, low), guide1);
		const second = run(c3, run(r1, start), guide2);
		const third = run(c4, run(r2, second), guide3);
		const fourth = tf.add<tf.Tensor4D>(tf.mul(run(r3, third), 0.4), start);
		const first = chain(fourth, c5, x0);
		let x = first;
		let guide = run(s0, guide3);
		const masks = attention.map((attend) => {
			const passed = attend(x, guide);
			[x, guide] = [passed.x, passed.guide];
			return passed.mask;
		}) as Three<tf.Tensor4D>;
		x = tf.add(x, first);
		const f4 = tf.add<tf.Tensor4D>(x, guide);
		let side = run(f5, f4);
		let main = run(u3, x, f4);
		if (f6 !== undefined && u2 !== undefined) [side, main] = [run(f6, side), run(u2, main, side)];
		main = leaky(run(u1, main, side), slope);
		if (u0 !== undefined) main = run(u0, main);
		return { image: tf.tanh(run(out, main)), masks };
	};
	return (low, attributes) => {
		requireShapes(low, attributes, lowSize, attributeCount);
		return tf.tidy(() => forward(low, attributes) as AgaResult & tf.TensorContainerObject);
	};
}

type Three<T> = [T, T, T];

function requireShapes(low: tf.Tensor4D, attributes: tf.Tensor2D, side: number, count: number): void {
	const [height, width] = [low.shape[1], low.shape[2]];
	if (height !== side || width !== side) {
		throw new RangeError(`aga-gan: pictures must be ${side} by ${side} (lowSize), got ${height} by ${width}`);
	}
	if (attributes.shape[1] !== count) {
		throw new RangeError(`aga-gan: labels must hold ${count} attributes, got ${attributes.shape[1]}`);
	}
}

/** Masks as maps of the picture's size; the third, which has one for each channel, as its mean. */
export function agaMaps(masks: AgaResult["masks"], image: tf.Tensor4D): Record<string, tf.Tensor3D> {
	return Object.fromEntries(masks.map((mask, index) => [`mask${index + 1}`, maskMap(mask, image)]));
}

/** A mask [N, h, w, C] as a map [N, H, W] of the picture's size: its mean over channels, each value repeated. */
export function maskMap(mask: tf.Tensor4D, image: tf.Tensor4D): tf.Tensor3D {
	return tf.squeeze(upsampleNearest(tf.mean(mask, 3, true), image.shape[1] / mask.shape[1]), [3]);
}

/**
 * Names of the generator's layers in the Keras code, by the names of ours. `script`: as numbered where they are made, the
 * one of ×16 that nothing reads included; `model`: as numbered over those that a saved model holds.
 */
export function agaGeneratorLayers(scale: number, numbering: "script" | "model" = "script"): Record<string, string> {
	const denseBlock = (name: string) => [1, 2, 3, 4, 5].map((layer) => `${name}.x${layer}`);
	const attention = (name: string, parts: string) => parts.split(" ").map((part) => `${name}.${part}`);
	// In the order in which the code makes them.
	const unread = scale === 16 && numbering === "script" ? [undefined] : [];
	const convolutions = [
		...["l1", "l2", "l3", "a1", "a2", "a3", "f1", "f2", "f3", "S0", "c1", "c2", ...denseBlock("R1"), "c3"],
		...[...denseBlock("R2"), "c4", ...denseBlock("R3"), "X0"],
		...attention("att1", "main1 main2 mask1 mask2 attr1 attr2"),
		...attention("att2", "main1 main2 mask1 mask2 attr1 attr2"),
		...attention("att3", "main1 main2 mask1 mask2"),
		...(scale === 4 ? ["f5", "u3"] : ["f5", "f6", ...unread, "u3", "u2"]),
		...(scale === 16 ? ["u0", "out"] : ["out"]),
	];
	return { ...kerasNames("conv2d", convolutions), d: "dense", c5: "findout", u1: "conv2d_transpose" };
}

/** Keras' numbering: `kind`, `kind_1`, `kind_2` … for the parts in order; a place without a part is passed over. */
export function kerasNames(kind: string, parts: readonly (string | undefined)[]): Record<string, string> {
	const named = parts.map((part, index) => [part, index === 0 ? kind : `${kind}_${index}`] as const);
	return Object.fromEntries(named.filter(([part]) => part !== undefined));
}
