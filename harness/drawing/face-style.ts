/** What tells one drawn face from another besides its attributes: drawn once per face, the same at every size. */
import type { Random } from "../../engine/random.ts";
import { type Colour, mix, shade } from "./canvas.ts";

export type HairColour = "black" | "blond" | "brown" | "gray" | "auburn";

export interface FaceStyle {
	/** Where the head is and how it is held. */
	readonly x: number;
	readonly y: number;
	readonly angle: number;
	readonly scale: number;
	/** Turn to the side, -1 to 1: features move against the outline. */
	readonly yaw: number;
	/** 0 fair to 1 dark. */
	readonly tone: number;
	readonly skin: Colour;
	readonly background: readonly [Colour, Colour];
	readonly backgroundAngle: number;
	/** Direction from which light falls, -1 left to 1 right, and its strength. */
	readonly light: number;
	readonly lightStrength: number;
	readonly tint: Colour;
	readonly faceWidth: number;
	readonly faceLength: number;
	readonly eyeGap: number;
	readonly eyeSize: number;
	readonly eyeTilt: number;
	readonly eyeHeight: number;
	readonly iris: Colour;
	readonly gaze: number;
	readonly browHeight: number;
	readonly browBend: number;
	readonly noseWidth: number;
	readonly noseLength: number;
	readonly mouthHeight: number;
	readonly mouthWidth: number;
	readonly lipFullness: number;
	readonly smile: number;
	readonly lipstick: Colour;
	/** Place of the parting, -1 to 1. */
	readonly part: number;
	readonly hairline: number;
	readonly volume: number;
	/** Where long hair ends, y. */
	readonly hairLength: number;
	readonly wave: number;
	readonly strands: number;
	/** Lightness of the hair within its colour. */
	readonly hairJitter: number;
	readonly stubble: number;
	readonly clothes: Colour;
	readonly collar: number;
	readonly glassesRound: number;
	readonly glasses: Colour;
	readonly grey: number;
}

const skins: readonly Colour[] = [
	[0.97, 0.84, 0.75],
	[0.93, 0.76, 0.64],
	[0.86, 0.66, 0.52],
	[0.74, 0.53, 0.39],
	[0.56, 0.38, 0.27],
	[0.42, 0.28, 0.2],
];

const irises: readonly Colour[] = [
	[0.24, 0.14, 0.08],
	[0.33, 0.22, 0.12],
	[0.22, 0.36, 0.5],
	[0.3, 0.42, 0.3],
];

const hairs: Readonly<Record<HairColour, Colour>> = {
	black: [0.085, 0.075, 0.08],
	brown: [0.37, 0.22, 0.12],
	blond: [0.87, 0.7, 0.4],
	gray: [0.7, 0.7, 0.71],
	auburn: [0.62, 0.22, 0.08],
};

/** The colour of a face's hair; `old` adds grey to it. */
export function hairColour(name: HairColour, style: FaceStyle, old: boolean): Colour {
	const own = shade(hairs[name], 1 + 0.18 * style.hairJitter);
	if (!old || name === "gray") return own;
	return mix(own, hairs.gray, style.grey);
}

/** Draws a style. `tone` biases are left to the caller, who knows the labels. */
export function faceStyle(random: Random): FaceStyle {
	const between = (low: number, high: number) => low + (high - low) * random.uniform();
	const bell = (spread: number) => Math.max(-2, Math.min(2, random.normal())) * spread;
	const tone = random.uniform() ** 1.5;
	return {
		x: bell(0.035),
		y: 0.04 + bell(0.03),
		angle: bell(0.05),
		scale: 1.13 + bell(0.045),
		yaw: Math.max(-1, Math.min(1, bell(0.5))),
		tone,
		skin: skinAt(tone, bell(0.02)),
		background: background(random),
		backgroundAngle: between(0, 2 * Math.PI),
		light: between(-1, 1),
		lightStrength: between(0.4, 1),
		tint: [1 + bell(0.025), 1 + bell(0.012), 1 + bell(0.03)],
		faceWidth: 0.455 + bell(0.016),
		faceLength: 0.7 + bell(0.025),
		eyeGap: 0.2 + bell(0.011),
		eyeSize: 0.094 + bell(0.007),
		eyeTilt: bell(0.09),
		eyeHeight: -0.02 + bell(0.012),
		iris: irises[random.integer(irises.length)] as Colour,
		gaze: bell(0.3),
		browHeight: 0.125 + bell(0.01),
		browBend: between(0.012, 0.035),
		noseWidth: 0.088 + bell(0.012),
		noseLength: 0.235 + bell(0.016),
		mouthHeight: 0.41 + bell(0.014),
		mouthWidth: 0.165 + bell(0.012),
		lipFullness: between(0.75, 1.3),
		smile: between(0.7, 1.3),
		lipstick: mix([0.72, 0.1, 0.16], [0.86, 0.3, 0.38], random.uniform()),
		part: between(-1, 1),
		hairline: -0.4 + bell(0.025),
		volume: between(0.06, 0.16),
		hairLength: between(0.55, 1.15),
		wave: random.uniform() < 0.45 ? between(0.5, 1) : between(0, 0.15),
		strands: between(9, 16),
		hairJitter: bell(0.5),
		stubble: random.uniform() ** 2,
		clothes: clothes(random),
		collar: between(0, 1),
		glassesRound: random.uniform(),
		glasses: mix([0.07, 0.06, 0.07], [0.35, 0.2, 0.12], random.uniform() ** 3),
		grey: between(0.42, 0.6),
	};
}

function skinAt(tone: number, warmth: number): Colour {
	const place = tone * (skins.length - 1);
	const low = Math.min(Math.floor(place), skins.length - 2);
	const [red, green, blue] = mix(skins[low] as Colour, skins[low + 1] as Colour, place - low);
	return [red + warmth, green, blue - warmth];
}

function background(random: Random): [Colour, Colour] {
	const base = random.uniform();
	const one = vivid(random, 0.25 * random.uniform(), 0.12 + 0.75 * base);
	const other = vivid(
		random,
		0.3 * random.uniform(),
		Math.min(1, Math.max(0.05, 0.12 + 0.75 * base + 0.5 * (random.uniform() - 0.5))),
	);
	return [one, other];
}

function clothes(random: Random): Colour {
	return vivid(random, 0.75 * random.uniform(), 0.12 + 0.75 * random.uniform());
}

/** A random hue of a saturation and a lightness. */
function vivid(random: Random, saturation: number, lightness: number): Colour {
	const hue = 6 * random.uniform();
	const channel = (shift: number) => {
		const place = (hue + shift) % 6;
		const full = Math.min(1, Math.max(0, Math.abs(place - 3) - 1));
		return lightness * (1 - saturation * (1 - full));
	};
	return [channel(0), channel(4), channel(2)];
}
