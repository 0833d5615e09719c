/**
 * A GAN that makes pictures from noise, once for each of two classes: how PGGAN and MSG-GAN, which know no classes, augment a
 * labelled set. Sides that are no power of two are bordered with black and the border is cut off again.
 */
import * as tf from "@tensorflow/tfjs";
import { upsampleNearest } from "../engine/ops/upsample-nearest.ts";
import type { Draws, Gan, Losses, PictureBatch, UnpairedBatch } from "../models/paper.ts";

export interface ClassPair extends Gan<UnpairedBatch> {
	/** Pictures [N, side, side, channels] in [-1, 1] of the class of `a` or `b`; the caller disposes. */
	generate(domain: "a" | "b", noise: tf.Tensor2D): tf.Tensor4D;
}

/** Both GANs under one roof; `side` is that of the data's pictures. */
export function classPair(id: string, gans: Readonly<Record<"a" | "b", Gan<PictureBatch>>>, side: number): ClassPair {
	const whole = 2 ** Math.ceil(Math.log2(side));
	const before = Math.floor((whole - side) / 2);
	const border: [number, number] = [before, whole - side - before];
	const each = Object.entries(gans) as ["a" | "b", Gan<PictureBatch>][];
	const named = <Value>(of: (gan: Gan<PictureBatch>) => Readonly<Record<string, Value>>): Record<string, Value> =>
		Object.fromEntries(
			each.flatMap(([domain, gan]) => Object.entries(of(gan)).map(([name, value]) => [`${domain}.${name}`, value])),
		);
	const own = (draws: Draws, domain: string): Draws =>
		Object.fromEntries(
			Object.entries(draws).flatMap(([name, values]) =>
				name.startsWith(`${domain}.`) ? [[name.slice(domain.length + 1), values] as const] : [],
			),
		);
	const bordered = (images: tf.Tensor4D): tf.Tensor4D =>
		whole === side ? images.clone() : tf.pad(images, [[0, 0], border, border, [0, 0]], -1);
	return {
		id,
		networks: named(({ networks }) => networks),
		optimizers: named(({ optimizers }) => optimizers),
		memories: named(({ memories = {} }) => memories),
		draw(random, batch, iteration) {
			const draws = (domain: "a" | "b", gan: Gan<PictureBatch>) =>
				gan.draw(random.split(domain), { images: batch[domain] }, iteration);
			const all = each.map(([domain, gan]) => [domain, draws(domain, gan)] as const);
			return Object.fromEntries(
				all.flatMap(([domain, made]) => Object.entries(made).map(([name, values]) => [`${domain}.${name}`, values])),
			);
		},
		step(batch, draws, iteration, watch) {
			const losses: Record<string, number> = {};
			for (const [domain, gan] of each) {
				const images = bordered(batch[domain]);
				const made: Losses = gan.step({ images }, own(draws, domain), iteration, watch);
				for (const [name, value] of Object.entries(made)) losses[`${domain}.${name}`] = value;
				images.dispose();
			}
			return losses;
		},
		generate: (domain, noise) =>
			tf.tidy(() => {
				const { images } = gans[domain].apply?.({ noise }) ?? {};
				if (images === undefined) throw new TypeError(`${id}: must make pictures from noise, got none`);
				// A system that grows is enlarged to the size that it has not reached yet.
				const full = upsampleNearest(images, whole / images.shape[1]);
				return tf.slice(full, [0, before, before, 0], [-1, side, side, -1]);
			}),
		attention: () => ({}),
		setRate(fraction) {
			for (const [, gan] of each) gan.setRate(fraction);
		},
		[Symbol.dispose]() {
			for (const [, gan] of each) gan[Symbol.dispose]();
		},
	};
}
