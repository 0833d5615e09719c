/**
 * Drawn horses (a) and zebras (b) with the true mask of what tells them apart, the animal: the embedded stand-in for
 * horse2zebra. Picture `i` of a side is a function of (seed, split, side, i) and is drawn at any size.
 */
import { Random } from "../../engine/random.ts";
import { type Coat, drawHorse } from "../drawing/horse.ts";
import type { Split } from "./dataset.ts";
import { changed } from "./faces.ts";
import type { Domain, UnpairedDataset } from "./unpaired.ts";

export interface HorsesOptions {
	/** Height and width, pixels, 16 to 512. @default 64 */
	readonly size?: number;
	/** Pictures of each side. @default 500 to train, 100 to test, none to validate */
	readonly count?: Readonly<Partial<Record<Split, number>>>;
	/** @default 0 */
	readonly seed?: number;
}

export interface Horses extends UnpairedDataset {
	/** The same picture with the other coat, [size, size, 3] bytes. */
	counterfactual(split: Split, domain: Domain, index: number): Uint8Array;
}

const coats: Readonly<Record<Domain, Coat>> = { a: "horse", b: "zebra" };

/** Opens the set; nothing is drawn before it is read. */
export function horses({ size = 64, count = {}, seed = 0 }: HorsesOptions = {}): Horses {
	if (!Number.isInteger(size) || size < 16 || size > 512) {
		throw new RangeError(`horses: size must be a whole number from 16 to 512, got ${size}`);
	}
	const counts: Record<Split, number> = {
		train: count.train ?? 500,
		validation: count.validation ?? 0,
		test: count.test ?? 100,
	};
	const root = Random.seed(seed).split("horses");
	const randomOf = (split: Split, domain: Domain, index: number) => {
		if (!Number.isInteger(index) || index < 0 || index >= counts[split]) {
			throw new RangeError(`horses: ${split} index must be below ${counts[split]}, got ${index}`);
		}
		return root.split(split).split(domain).split(index);
	};
	const other = (domain: Domain) => coats[domain === "a" ? "b" : "a"];
	return {
		name: "horses",
		domains: coats,
		size: [size, size],
		channels: 3,
		count: (split) => counts[split],
		async read(split, domain, index) {
			const random = randomOf(split, domain, index);
			const pixels = drawHorse(size, coats[domain], random);
			let mask: Uint8Array | undefined;
			return {
				id: `${split}-${coats[domain]}-${index}`,
				pixels,
				size: [size, size],
				get mask() {
					mask ??= changed(pixels, drawHorse(size, other(domain), random));
					return mask;
				},
			};
		},
		counterfactual: (split, domain, index) => drawHorse(size, other(domain), randomOf(split, domain, index)),
		describe: () =>
			`drawn horses and zebras ${size}×${size}, seed ${seed}: ${counts.train} of each to train, ${counts.test} to test`,
	};
}
