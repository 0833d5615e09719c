/**
 * Drawn faces under CelebA's attribute names, with the true mask of what each attribute changes: the embedded stand-in
 * for CelebA, and the ground truth for attention. Face `i` of a split is a function of (seed, split, i) and is drawn at
 * any size. Hair colours exclude one another; grey hair, baldness and age go together, as do sex and moustache or lipstick.
 */
import { Random } from "../../engine/random.ts";
import { drawFace } from "../drawing/face.ts";
import type { Look } from "../drawing/face-scene.ts";
import { type FaceStyle, faceStyle, type HairColour } from "../drawing/face-style.ts";
import { didYouMean } from "../suggest.ts";
import type { Dataset, Example, Split } from "./dataset.ts";

/** Every attribute that the faces have, in CelebA's order. */
export const faceAttributes = [
	"Bald",
	"Bangs",
	"Black_Hair",
	"Blond_Hair",
	"Brown_Hair",
	"Eyeglasses",
	"Gray_Hair",
	"Male",
	"Mustache",
	"Smiling",
	"Wearing_Lipstick",
	"Young",
] as const;
export type FaceAttribute = (typeof faceAttributes)[number];
export type FaceLabels = Readonly<Record<FaceAttribute, boolean>>;

export interface FacesOptions {
	/** Height and width, pixels, 16 to 512. @default 64 */
	readonly size?: number;
	/** @default 2000 to train, 400 to test, none to validate */
	readonly count?: Readonly<Partial<Record<Split, number>>>;
	/** @default 0 */
	readonly seed?: number;
	/** @default StarGAN's five: Black_Hair, Blond_Hair, Brown_Hair, Male, Young */
	readonly attributes?: readonly string[];
}

export interface Face {
	readonly style: FaceStyle;
	readonly labels: FaceLabels;
	/** Texture and grain. */
	readonly random: Random;
}

export interface Faces extends Dataset {
	readonly attributes: readonly FaceAttribute[];
	/** Everything that face `index` is drawn from. */
	face(split: Split, index: number): Face;
	/** The same face with another label (0 or 1 per attribute of the set; at most one hair colour), [size, size, 3] bytes. */
	counterfactual(split: Split, index: number, label: ArrayLike<number>): Uint8Array;
}

const hairNames: Readonly<Partial<Record<FaceAttribute, HairColour>>> = {
	Black_Hair: "black",
	Blond_Hair: "blond",
	Brown_Hair: "brown",
	Gray_Hair: "gray",
};

/** A value of a pixel that differs by more than this belongs to the mask of what changed. */
export const maskThreshold = 8;

/** Opens the set of drawn faces; nothing is drawn before it is read. */
export function faces(options: FacesOptions = {}): Faces {
	const {
		size = 64,
		count = {},
		seed = 0,
		attributes: names = ["Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"],
	} = options;
	if (!Number.isInteger(size) || size < 16 || size > 512) {
		throw new RangeError(`faces: size must be a whole number from 16 to 512, got ${size}`);
	}
	const attributes = names.map((name) => {
		const known = faceAttributes.find((attribute) => attribute === name);
		if (known !== undefined) return known;
		throw new RangeError(
			`faces: attributes must be of ${faceAttributes.join(" ")}, got ${didYouMean(name, faceAttributes)}`,
		);
	});
	const counts: Record<Split, number> = {
		train: count.train ?? 2000,
		validation: count.validation ?? 0,
		test: count.test ?? 400,
	};
	const root = Random.seed(seed);
	const face = (split: Split, index: number) => {
		if (!Number.isInteger(index) || index < 0 || index >= counts[split]) {
			throw new RangeError(`faces: ${split} index must be below ${counts[split]}, got ${index}`);
		}
		return sampleFace(root.split(split).split(index));
	};
	const label = ({ labels }: Face) => Float32Array.from(attributes, (name) => (labels[name] ? 1 : 0));
	return {
		name: "faces",
		size: [size, size],
		channels: 3,
		attributes,
		count: (split) => counts[split],
		label: (split, index) => label(face(split, index)),
		face,
		async read(split, index): Promise<Example> {
			const drawn = face(split, index);
			let masks: Record<string, Uint8Array> | undefined;
			return {
				id: `${split}-${index}`,
				pixels: renderFace(drawn, drawn.labels, size),
				label: label(drawn),
				get masks() {
					masks ??= Object.fromEntries(attributes.map((name) => [name, faceMask(drawn, name, size)]));
					return masks;
				},
			};
		},
		counterfactual(split, index, wanted) {
			const drawn = face(split, index);
			return renderFace(drawn, relabelled(drawn.labels, attributes, wanted), size);
		},
		describe() {
			return `drawn faces ${size}×${size}, seed ${seed}: ${counts.train} train, ${counts.test} test, masks of what each attribute changes`;
		},
	};
}

/** The face with other labels, [size, size, 3] bytes. */
export function renderFace(face: Face, labels: FaceLabels, size: number): Uint8Array {
	return drawFace(size, face.style, lookOf(labels), face.random);
}

/**
 * True mask of an attribute, [size, size] of 0 or 255: the pixels that differ between the face without it and the face
 * with it. Without a hair colour means with the colour that is furthest from it, so that the mask is all of the hair.
 */
export function faceMask(face: Face, attribute: FaceAttribute, size: number): Uint8Array {
	const hair = hairNames[attribute] !== undefined;
	const opposite = attribute === "Blond_Hair" || attribute === "Gray_Hair" ? "Black_Hair" : "Blond_Hair";
	const on = renderFace(face, withAttribute(face.labels, attribute, true), size);
	const labels = hair ? withAttribute(face.labels, opposite, true) : withAttribute(face.labels, attribute, false);
	return changed(on, renderFace(face, labels, size));
}

/** Pixels of two pictures [.., 3] that differ in any channel by more than the threshold: 255, else 0. */
export function changed(a: Uint8Array, b: Uint8Array): Uint8Array {
	const mask = new Uint8Array(a.length / 3);
	for (let at = 0; at < a.length; at += 1) {
		if (Math.abs((a[at] as number) - (b[at] as number)) > maskThreshold) mask[Math.floor(at / 3)] = 255;
	}
	return mask;
}

function withAttribute(labels: FaceLabels, attribute: FaceAttribute, value: boolean): FaceLabels {
	if (hairNames[attribute] === undefined || !value) return { ...labels, [attribute]: value };
	return { ...labels, Black_Hair: false, Blond_Hair: false, Brown_Hair: false, Gray_Hair: false, [attribute]: true };
}

/** Labels with the values of some attributes replaced. A hair colour that is switched on puts the others out. */
function relabelled(labels: FaceLabels, attributes: readonly FaceAttribute[], wanted: ArrayLike<number>): FaceLabels {
	if (wanted.length !== attributes.length) {
		throw new RangeError(`counterfactual: label must have ${attributes.length} values, got ${wanted.length}`);
	}
	const colours = attributes.filter((name, at) => hairNames[name] !== undefined && wanted[at] === 1);
	if (colours.length > 1)
		throw new RangeError(`counterfactual: label must have at most one hair colour, got ${colours.join(", ")}`);
	return attributes.reduce<FaceLabels>((result, name, at) => {
		const value = wanted[at];
		if (value !== 0 && value !== 1) throw new RangeError(`counterfactual: ${name} must be 0 or 1, got ${value}`);
		return withAttribute(result, name, value === 1);
	}, labels);
}

function lookOf(labels: FaceLabels): Look {
	const colour = faceAttributes.find((name) => hairNames[name] !== undefined && labels[name]);
	return {
		// No hair colour of CelebA's names is red hair.
		hair: (colour && hairNames[colour]) ?? "auburn",
		bald: labels.Bald,
		bangs: labels.Bangs,
		glasses: labels.Eyeglasses,
		lipstick: labels.Wearing_Lipstick,
		male: labels.Male,
		mustache: labels.Mustache,
		old: !labels.Young,
		smiling: labels.Smiling,
	};
}

/** Draws style and labels; shares near CelebA's. */
function sampleFace(random: Random): Face {
	const style = faceStyle(random.split("style"));
	const draw = random.split("labels");
	const chance = (share: number) => draw.uniform() < share;
	const Male = chance(0.42);
	const Young = chance(Male ? 0.68 : 0.82);
	const Bald = Male ? chance(Young ? 0.02 : 0.12) : false;
	const gray = chance(Young ? 0.01 : 0.2);
	const place = draw.uniform();
	// Fair hair is rarer with dark skin.
	const blond = (Male ? 0.13 : 0.28) * (1 - 0.85 * style.tone);
	const auburn = 0.06;
	const black = 0.3 + 0.3 * style.tone;
	const colour =
		place < blond
			? "Blond_Hair"
			: place < blond + auburn
				? ""
				: place < blond + auburn + black
					? "Black_Hair"
					: "Brown_Hair";
	const coloured = !Bald && !gray;
	const labels: FaceLabels = {
		Bald,
		Bangs: !Bald && chance(Male ? 0.1 : 0.24),
		Black_Hair: coloured && colour === "Black_Hair",
		Blond_Hair: coloured && colour === "Blond_Hair",
		Brown_Hair: coloured && colour === "Brown_Hair",
		Eyeglasses: chance(Young ? 0.08 : 0.2),
		Gray_Hair: !Bald && gray,
		Male,
		Mustache: chance(Male ? 0.12 : 0),
		Smiling: chance(Male ? 0.42 : 0.54),
		Wearing_Lipstick: chance(Male ? 0 : 0.7),
		Young,
	};
	return { style, labels, random: random.split("texture") };
}
