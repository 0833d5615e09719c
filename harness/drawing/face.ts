/** Draws a face from its style and its attributes, back to front: background, hair behind, body, head, features, hair before. */
import type { Random } from "../../engine/random.ts";
import {
	arc,
	around,
	type Bounds,
	Canvas,
	type Colour,
	ellipse,
	everywhere,
	type Frame,
	intersection,
	mix,
	roundBox,
	type Shader,
	type Shape,
	shade,
	still,
	stroke,
	union,
	without,
} from "./canvas.ts";
import { type FaceStyle, type HairColour, hairColour } from "./face-style.ts";
import { grain, type Noise, smoothNoise } from "./noise.ts";

export interface Look {
	readonly hair: HairColour;
	readonly bald: boolean;
	readonly bangs: boolean;
	readonly glasses: boolean;
	readonly lipstick: boolean;
	readonly male: boolean;
	readonly mustache: boolean;
	readonly old: boolean;
	readonly smiling: boolean;
}

interface Scene {
	readonly canvas: Canvas;
	readonly style: FaceStyle;
	readonly look: Look;
	readonly noise: Noise;
	/** The head's own coordinates: eyes near v = 0, chin near 0.7, skull's top near -0.7. */
	readonly head: Frame;
	readonly skull: Shape;
	readonly hair: Colour;
	readonly jaw: number;
}

/**
 * The picture [size, size, 3] in bytes. `random` gives texture and grain: with the same generator, two looks of a style
 * differ only where the look does.
 */
export function drawFace(size: number, style: FaceStyle, look: Look, random: Random): Uint8Array {
	const canvas = new Canvas(size);
	const noise = smoothNoise(random.split("texture"));
	const head: Frame = { x: style.x, y: style.y, angle: style.angle, scale: style.scale };
	const jaw = look.male ? 1 : 0;
	const scene: Scene = {
		canvas,
		style,
		look,
		noise,
		head,
		jaw,
		skull: skullShape(style, jaw),
		hair: hairColour(look.hair, style, look.old),
	};
	drawBackground(scene);
	drawHairBehind(scene);
	drawBody(scene);
	drawHead(scene);
	if (look.old) drawAge(scene);
	drawEyes(scene);
	drawNose(scene);
	drawMouth(scene);
	drawBrows(scene);
	drawBeard(scene);
	drawHairBefore(scene);
	if (look.glasses) drawGlasses(scene);
	const [red, green, blue] = style.tint;
	const film = grain(random.split("grain"), 0.012);
	for (let at = 0; at < canvas.pixels.length; at += 3) {
		canvas.pixels[at] = (canvas.pixels[at] as number) * red;
		canvas.pixels[at + 1] = (canvas.pixels[at + 1] as number) * green;
		canvas.pixels[at + 2] = (canvas.pixels[at + 2] as number) * blue;
	}
	return canvas.bytes(film);
}

/** Outline of the face: half an ellipse above, a rounder or squarer jaw below. */
function skullShape({ faceWidth, faceLength }: FaceStyle, jaw: number): Shape {
	const power = 2 + 0.45 * jaw;
	const taper = 0.17 - 0.13 * jaw;
	const length = faceLength + 0.02 * jaw;
	return (u, v) => {
		const down = Math.max(0, v) / length;
		const width = faceWidth * (1 + 0.03 * jaw) * (1 - taper * Math.min(1, down) ** 1.5);
		const exponent = v > 0 ? power : 2;
		const height = v > 0 ? length : 0.66;
		const reach = (Math.abs(u) / width) ** exponent + (Math.abs(v) / height) ** exponent;
		return (reach ** (1 / exponent) - 1) * faceWidth;
	};
}

function drawBackground({ canvas, style, noise }: Scene): void {
	const [one, other] = style.background;
	const dx = Math.cos(style.backgroundAngle);
	const dy = Math.sin(style.backgroundAngle);
	canvas.paint(still, [-1, -1, 1, 1], everywhere, (u, v, out) => {
		const share = 0.5 + 0.36 * (u * dx + v * dy) + 0.28 * noise(u * 1.7 + 20, v * 1.7 + 31);
		const light = 1 + 0.05 * noise(u * 5 + 9, v * 5 + 3);
		const [red, green, blue] = mix(one, other, Math.min(1, Math.max(0, share)));
		out[0] = red * light;
		out[1] = green * light;
		out[2] = blue * light;
	});
}

/** Hair with strands that run along `across` = constant, and a band of shine. */
function hairShader(
	{ style, noise, hair, look }: Scene,
	across: (u: number, v: number) => number,
	depth: number,
): Shader {
	const streaks = look.old && look.hair !== "gray" ? 0.2 : 0;
	return (u, v, out) => {
		const place = across(u, v);
		const strand = noise(place * style.strands, v * 1.5 + 5) + 0.6 * noise(place * style.strands * 2.7 + 11, v * 2 + 8);
		const radius = Math.hypot(u, v + 0.15);
		const shine = Math.exp(-(((radius - 0.55) / 0.07) ** 2)) * 0.22;
		const side = 1 + 0.22 * style.lightStrength * style.light * u;
		const factor = (1 + 0.26 * strand + shine) * side * depth;
		const grey = streaks * Math.max(0, noise(place * style.strands * 1.9 + 40, v + 17));
		out[0] = hair[0] * factor + shine * 0.1 + grey * (0.78 - hair[0]);
		out[1] = hair[1] * factor + shine * 0.1 + grey * (0.78 - hair[1]);
		out[2] = hair[2] * factor + shine * 0.1 + grey * (0.8 - hair[2]);
	};
}

/** The mass of hair seen behind head and neck: long for women, close to the skull for men. */
function drawHairBehind(scene: Scene): void {
	const { canvas, style, look, head } = scene;
	if (look.bald) return;
	const { faceWidth, volume, hairLength, wave } = style;
	if (look.male) {
		const cap = ellipse(0, -0.14, faceWidth + 0.035 + 0.4 * volume, 0.56 + 0.5 * volume);
		canvas.paint(
			head,
			[-0.8, -1, 0.8, 0.5],
			cap,
			hairShader(scene, (u) => u, 0.8),
		);
		return;
	}
	const width = faceWidth + 0.07 + 0.6 * volume;
	const dome = ellipse(0, -0.12, width, 0.62 + 0.6 * volume);
	const curtain: Shape = (u, v) => {
		const sway = 0.05 * wave * Math.sin(v * 9 + style.part * 3) + 0.06 * Math.max(0, v);
		const sides = Math.abs(u) - (width + sway - 0.12 * Math.max(0, (v - hairLength + 0.35) / 0.35) ** 2);
		return Math.max(sides, -0.12 - v, v - hairLength - 0.03 * Math.sin(u * 17));
	};
	canvas.paint(
		head,
		[-1.1, -1.1, 1.1, 1.4],
		union(dome, curtain),
		hairShader(scene, (u, v) => u * (1.2 - 0.25 * v), 0.72),
	);
}

function drawBody({ canvas, style, look, head, noise }: Scene): void {
	const { skin, clothes } = style;
	const wide = look.male ? 0.31 : 0.235;
	const x = head.x * 0.8;
	const neck = roundBox(x, 0.78, wide, 0.5, 0.08);
	const shoulders = union(ellipse(x, 1.42, look.male ? 1.12 : 0.98, 0.6), ellipse(x, 1.2, wide + 0.18, 0.4));
	const open = ellipse(x, 0.72, wide * (0.85 + 0.4 * style.collar), 0.2 + 0.18 * style.collar);
	const lit = (colour: Colour): Shader => {
		return (u, v, out) => {
			const light = 0.92 + 0.16 * style.light * style.lightStrength * (u - x) + 0.06 * noise(u * 4 + 50, v * 9 + 2);
			for (let channel = 0; channel < 3; channel += 1) out[channel] = (colour[channel] as number) * light;
		};
	};
	canvas.paint(still, [-1, 0.2, 1, 1], neck, lit(shade(skin, 0.82)));
	// Shadow of the chin.
	canvas.paint(
		still,
		[-1, 0.2, 1, 1],
		intersection(neck, ellipse(x, style.y + 0.66, wide + 0.2, 0.2)),
		shade(skin, 0.6),
		{
			opacity: 0.7,
			soft: 0.1,
		},
	);
	canvas.paint(still, [-1, 0.5, 1, 1], without(shoulders, open), lit(clothes));
}

/** Skin lit from one side, on a face rounded like an egg. */
function skinShader({ style, noise }: Scene): Shader {
	const { skin, light, lightStrength, faceWidth, faceLength } = style;
	return (u, v, out) => {
		const a = Math.max(-1, Math.min(1, u / (faceWidth * 1.12)));
		const b = Math.max(-1, Math.min(1, (v - 0.02) / (faceLength * 1.15)));
		const depth = Math.sqrt(Math.max(0, 1 - 0.9 * a * a - 0.7 * b * b));
		const lit = 0.72 + 0.3 * depth + lightStrength * (0.16 * light * a - 0.08 * b);
		const blotch = 0.025 * noise(u * 6 + 3, v * 6 + 7);
		const cheek = Math.exp(-(((Math.abs(u) - 0.26) / 0.12) ** 2) - ((v - 0.2) / 0.12) ** 2) * 0.09;
		out[0] = skin[0] * (lit + blotch) * (1 + 0.35 * cheek);
		out[1] = skin[1] * (lit + blotch) * (1 - 0.9 * cheek);
		out[2] = skin[2] * (lit + blotch) * (1 - 0.8 * cheek);
	};
}

function drawHead(scene: Scene): void {
	const { canvas, style, head, skull, look } = scene;
	const ears = look.male || look.bald || style.hairLength < 0.62;
	if (ears) {
		for (const side of [-1, 1]) {
			const x = side * (style.faceWidth + 0.015);
			canvas.paint(head, [x - 0.1, -0.1, x + 0.1, 0.25], ellipse(x, 0.06, 0.06, 0.115), shade(style.skin, 0.85));
			canvas.paint(head, [x - 0.1, -0.1, x + 0.1, 0.25], ellipse(x, 0.06, 0.025, 0.065), shade(style.skin, 0.68), {
				soft: 0.03,
			});
		}
	}
	canvas.paint(head, [-0.6, -0.75, 0.6, 0.85], skull, skinShader(scene));
	if (look.bald) {
		const x = 0.12 * style.light;
		canvas.paint(
			head,
			[x - 0.25, -0.65, x + 0.25, -0.35],
			ellipse(x, -0.5, 0.16, 0.08),
			mix(style.skin, [1, 1, 1], 0.55),
			{ opacity: 0.5, soft: 0.14 },
		);
	}
}

/** A line on the skin, never thinner than a third of a pixel so that small pictures keep it. */
function crease(
	{ canvas, head, style }: Scene,
	points: readonly (readonly [number, number])[],
	halfWidth: number,
	dark: number,
	opacity: number,
): void {
	const width = Math.max(halfWidth, 0.35 * canvas.pixel(head));
	canvas.paint(head, around(points, width * 4), stroke(points, width), shade(style.skin, dark), {
		opacity,
		soft: width * 1.6,
	});
}

/** Wrinkles of forehead, eyes, cheeks and mouth, bags under the eyes. */
function drawAge(scene: Scene): void {
	const { style } = scene;
	const shift = 0.05 * style.yaw;
	for (const [index, y] of [-0.345, -0.285, -0.225].entries()) {
		const half = 0.25 - 0.03 * index;
		crease(scene, arc(shift - half, y + 0.012, shift + half, y + 0.008, 0.022), 0.009, 0.58, 0.6);
	}
	for (const side of [-1, 1]) {
		const eye = shift + side * style.eyeGap;
		const below = style.eyeHeight + 0.075;
		crease(scene, arc(eye - 0.09, below - 0.01, eye + 0.09, below - 0.01, -0.035), 0.012, 0.58, 0.7);
		const corner = eye + side * (style.eyeSize + 0.025);
		for (const rise of [-0.05, 0, 0.05]) {
			crease(
				scene,
				arc(corner, style.eyeHeight + 0.3 * rise, corner + side * 0.075, style.eyeHeight + rise + 0.005, 0),
				0.007,
				0.58,
				0.6,
			);
		}
		const wing = shift + side * (style.noseWidth + 0.025);
		const mouth = shift + side * (style.mouthWidth + 0.055);
		crease(scene, arc(wing, style.noseLength - 0.02, mouth, style.mouthHeight + 0.01, 0.012), 0.013, 0.55, 0.75);
		crease(
			scene,
			arc(mouth - side * 0.02, style.mouthHeight + 0.04, mouth - side * 0.005, style.mouthHeight + 0.13, 0),
			0.01,
			0.6,
			0.6,
		);
	}
}

function drawEyes(scene: Scene): void {
	const { canvas, head, style, look } = scene;
	const shift = 0.05 * style.yaw;
	for (const side of [-1, 1]) {
		const x = shift + side * style.eyeGap;
		const y = style.eyeHeight;
		const half = style.eyeSize;
		const open = half * (look.smiling ? 0.4 : 0.47);
		const tilt = side * style.eyeTilt;
		const frame: Frame = inside(head, x, y, tilt);
		const box: Bounds = [-half * 1.8, -half * 1.8, half * 1.8, half * 1.8];
		canvas.paint(frame, box, ellipse(0, -0.01, half * 1.35, half * 0.95), shade(style.skin, 0.72), {
			opacity: 0.55,
			soft: 0.09,
		});
		const almond = intersection(
			ellipse(0, open * 1.1, half * 1.25, open * 2.1),
			ellipse(0, -open * 1.1, half * 1.25, open * 2.1),
		);
		canvas.paint(frame, box, almond, [0.93, 0.92, 0.91]);
		const glance = style.gaze * 0.02 + 0.012 * style.yaw;
		canvas.paint(frame, box, intersection(almond, ellipse(glance, -0.003, open * 1.0, open * 1.0)), style.iris);
		canvas.paint(frame, box, intersection(almond, ellipse(glance, -0.003, open * 0.5, open * 0.5)), [0.03, 0.03, 0.03]);
		canvas.paint(frame, box, ellipse(glance + 0.012 * style.light, -open * 0.4, open * 0.2, open * 0.2), [1, 1, 1], {
			opacity: 0.9,
		});
		const lid = arc(-half, 0.004, half, 0.004, open * 0.98);
		const lash = look.male ? 0.009 : 0.015;
		canvas.paint(frame, box, stroke(lid, lash), look.male ? shade(style.skin, 0.3) : [0.08, 0.05, 0.05]);
		canvas.paint(
			frame,
			box,
			stroke(arc(-half * 0.9, -open * 0.5, half * 0.95, -open * 0.5, open * 0.95), 0.006),
			shade(style.skin, 0.6),
			{ opacity: 0.6 },
		);
	}
}

/** A frame at a point of another, turned against it. */
function inside(frame: Frame, x: number, y: number, angle: number): Frame {
	const cos = Math.cos(frame.angle) * frame.scale;
	const sin = Math.sin(frame.angle) * frame.scale;
	return {
		x: frame.x + x * cos - y * sin,
		y: frame.y + x * sin + y * cos,
		angle: frame.angle + angle,
		scale: frame.scale,
	};
}

function drawNose({ canvas, head, style }: Scene): void {
	const shift = 0.05 * style.yaw;
	const tip = shift + 0.035 * style.yaw;
	const { noseWidth: wide, noseLength: y, skin } = style;
	const dark = style.light > 0 ? -1 : 1;
	const side = stroke(arc(shift + dark * 0.035, 0.02, tip + dark * wide * 0.62, y - 0.03, dark * 0.01), 0.02);
	canvas.paint(head, [-0.3, -0.1, 0.3, 0.35], side, shade(skin, 0.68), { opacity: 0.55, soft: 0.06 });
	canvas.paint(
		head,
		[-0.3, -0.1, 0.3, 0.35],
		stroke(
			[
				[shift - dark * 0.008, 0],
				[tip - dark * 0.01, y - 0.07],
			],
			0.014,
		),
		mix(skin, [1, 1, 1], 0.5),
		{ opacity: 0.45, soft: 0.05 },
	);
	canvas.paint(head, [-0.3, 0.05, 0.3, 0.35], ellipse(tip, y - 0.02, wide * 0.95, 0.055), shade(skin, 0.86), {
		opacity: 0.6,
		soft: 0.05,
	});
	canvas.paint(
		head,
		[-0.3, 0.05, 0.3, 0.35],
		stroke(arc(tip - wide * 0.9, y + 0.004, tip + wide * 0.9, y + 0.004, -0.022), 0.012),
		shade(skin, 0.55),
		{ opacity: 0.7, soft: 0.03 },
	);
	for (const one of [-1, 1]) {
		canvas.paint(
			head,
			[-0.3, 0.05, 0.3, 0.35],
			ellipse(tip + one * wide * 0.48, y + 0.004, 0.022, 0.012),
			shade(skin, 0.35),
			{ soft: 0.02 },
		);
	}
}

function drawMouth({ canvas, head, style, look }: Scene): void {
	const x = 0.055 * style.yaw;
	const { mouthHeight: y, lipFullness, skin } = style;
	const half = style.mouthWidth * (look.smiling ? 1.22 : 1);
	const bow = look.smiling ? 0.06 * style.smile : -0.006;
	const gape = look.smiling ? 0.06 * style.smile : 0;
	const bare = mix(shade(skin, 0.8), [0.72, 0.32, 0.32], look.male ? 0.3 : 0.5);
	const lips = look.lipstick ? style.lipstick : bare;
	const corner = y - 0.6 * bow;
	const box: Bounds = [x - half - 0.1, y - 0.2, x + half + 0.1, y + 0.25];
	// Lips and mouth lie between parabolas over t in [-1, 1].
	const between = (top: number, bottom: number, reach: number): Shape => {
		return (u, v) => {
			const t = (u - x) / (half * reach);
			const rest = 1 - t * t;
			const height = corner + bow * rest;
			return Math.max((height + top * rest - v) * 0.9, (v - height - bottom * rest) * 0.9, (Math.abs(t) - 1) * half);
		};
	};
	const full = lipFullness * (look.male ? 0.85 : 1.1);
	canvas.paint(head, box, ellipse(x, y + bow * 0.6 + gape + 0.085, half * 0.55, 0.022), shade(skin, 0.66), {
		opacity: 0.5,
		soft: 0.05,
	});
	canvas.paint(head, box, between(-0.034 * full, gape + 0.05 * full, 1.04), lips);
	canvas.paint(head, box, between(gape + 0.012, gape + 0.03 * full, 0.7), mix(lips, [1, 0.9, 0.9], 0.35), {
		opacity: 0.6,
		soft: 0.02,
	});
	if (look.smiling) {
		canvas.paint(head, box, between(-0.004, gape, 0.9), [0.3, 0.07, 0.08]);
		canvas.paint(head, box, between(-0.002, gape * 0.72, 0.82), [0.96, 0.95, 0.92]);
		for (const side of [-1, 1]) {
			const fold = arc(x + side * (half + 0.045), y - 0.14, x + side * (half + 0.06), y + 0.02, side * 0.01);
			canvas.paint(head, around(fold, 0.08), stroke(fold, 0.012), shade(skin, 0.66), { opacity: 0.45, soft: 0.04 });
		}
	} else {
		const line = arc(x - half, corner, x + half, corner, -bow);
		canvas.paint(head, box, stroke(line, 0.008), shade(mix(lips, [0.2, 0.05, 0.05], 0.5), 0.75), { opacity: 0.9 });
	}
}

function drawBrows({ canvas, head, style, look, hair }: Scene): void {
	const colour = look.bald ? shade(style.skin, 0.38) : mix(shade(hair, 0.62), shade(style.skin, 0.5), 0.3);
	const thick = look.male ? 0.03 : 0.016;
	const drop = look.male ? 0.022 : 0;
	for (const side of [-1, 1]) {
		const x = 0.05 * style.yaw + side * (style.eyeGap + 0.01);
		const y = style.eyeHeight - style.browHeight + drop;
		const points = arc(
			x - side * 0.115,
			y + 0.012,
			x + side * 0.125,
			y + 0.018 - side * style.eyeTilt * 0.05,
			style.browBend + (look.male ? 0 : 0.018),
		);
		const shape = stroke(points, 1);
		const tapered: Shape = (u, v) =>
			shape(u, v) + 1 - thick * (1 - 0.55 * Math.min(1, Math.max(0, (side * (u - x)) / 0.125)));
		canvas.paint(head, around(points, 0.08), tapered, colour, { opacity: 0.92, soft: 0.02 });
	}
}

/** Men's shadow of a beard, and the moustache. */
function drawBeard({ canvas, head, style, look, skull, hair }: Scene): void {
	const x = 0.055 * style.yaw;
	const y = style.mouthHeight;
	if (look.male) {
		const face: Shape = (u, v) => skull(u, v) + 0.005;
		const jaw = intersection(
			face,
			without((u, v) => 0.3 - v - 0.34 * Math.abs(u) * Math.abs(u) * 3, ellipse(x, y + 0.02, 0.14, 0.075)),
		);
		const shadow = mix(shade(style.skin, 0.5), shade(hair, 0.8), 0.35);
		canvas.paint(head, [-0.6, 0, 0.6, 0.85], jaw, shadow, { opacity: 0.2 + 0.45 * style.stubble, soft: 0.07 });
	}
	if (!look.mustache) return;
	const points = [...arc(x - 0.2, y - 0.035, x, y - 0.088, 0.018), ...arc(x, y - 0.088, x + 0.2, y - 0.035, 0.018)];
	const line = stroke(points, 1);
	const tapered: Shape = (u, v) => line(u, v) + 1 - 0.042 * (1 - 0.75 * (Math.abs(u - x) / 0.2) ** 2);
	canvas.paint(head, around(points, 0.08), tapered, shade(hair, 0.75), { opacity: 0.95, soft: 0.02 });
}

/** The hair over the forehead and the sides of the face. */
function drawHairBefore(scene: Scene): void {
	const { canvas, head, style, look, noise } = scene;
	const { faceWidth, volume, part } = style;
	const lift = look.male ? 0.55 * volume : 0.7 * volume;
	const outer = ellipse(0, -0.14, faceWidth + 0.03 + 0.45 * lift, 0.55 + lift);
	const swept = hairShader(scene, (u, v) => Math.atan2(u - 0.2 * part, v + 0.75), 1);
	const box: Bounds = [-0.9, -1, 0.9, 0.9];
	if (look.bald) {
		if (!look.male) return;
		const fringe = intersection(ellipse(0, -0.02, faceWidth + 0.04, 0.4), (u, v) =>
			Math.max(faceWidth - 0.03 - Math.abs(u), v - 0.12, -0.2 - v),
		);
		canvas.paint(
			head,
			box,
			fringe,
			hairShader(scene, (u) => u, 0.9),
			{ soft: 0.03 },
		);
		return;
	}
	const edge = (u: number) => 0.016 * noise(u * 14 + 60, 4);
	// Two lobes of forehead meet at the parting.
	const middle = 0.16 * part;
	const line = look.old && look.male ? style.hairline - 0.05 : style.hairline;
	const lobe = (u: number) => {
		const t = Math.abs(u - middle) / (faceWidth * (u > middle === part > 0 ? 0.95 : 1.12));
		return line + 0.5 * Math.max(0, t - 0.1) ** 2.1 - (look.male ? 0.02 : 0.1 * Math.exp(-((t / 0.22) ** 2)));
	};
	const fringe = (u: number) =>
		-0.17 + 0.1 * ((u - middle) / faceWidth) ** 2 + 0.02 * Math.sin(u * 31 + part * 5) + 0.5 * edge(u * 2);
	const lower = look.bangs ? fringe : lobe;
	const sides = look.male ? 0.08 : 0.16;
	const cap: Shape = (u, v) => {
		const top = v - lower(u) - edge(u);
		const beside = faceWidth - (look.male ? 0.015 : 0.055) + edge(v) - Math.abs(u);
		const temple = Math.max(beside, v - sides);
		return Math.max(outer(u, v), Math.min(top, temple));
	};
	// Shadow that the hair casts on the forehead.
	const shadow: Shape = (u, v) => Math.max(scene.skull(u, v), v - lower(u) - 0.05);
	canvas.paint(head, box, shadow, shade(style.skin, 0.5), { opacity: 0.35, soft: 0.06 });
	canvas.paint(head, box, cap, swept);
	if (look.male) return;
	// Locks that fall before the ears.
	const end = Math.min(style.hairLength, 1.1);
	const locks: Shape = (u, v) => {
		const sway = 0.025 * style.wave * Math.sin(v * 11 + 2);
		const inner = faceWidth - 0.035 + 0.03 * Math.max(0, v) + sway - Math.abs(u);
		const width = Math.abs(u) - (faceWidth + 0.05 + 0.5 * volume + 0.05 * Math.max(0, v) + sway);
		return Math.max(inner, width, -0.25 - v, v - end + 0.4 * Math.abs(Math.abs(u) - faceWidth));
	};
	canvas.paint(
		head,
		[-1, -0.4, 1, 1.3],
		locks,
		hairShader(scene, (u, v) => u * (1.5 - 0.2 * v), 0.9),
	);
}

function drawGlasses({ canvas, head, style }: Scene): void {
	const shift = 0.05 * style.yaw;
	const { eyeGap, eyeHeight: y, glasses, glassesRound } = style;
	const line = Math.max(0.016, 0.45 * canvas.pixel(head));
	const wide = 0.15;
	const high = 0.1 + 0.025 * glassesRound;
	for (const side of [-1, 1]) {
		const x = shift + side * (eyeGap + 0.005);
		const lens = roundBox(x, y + 0.015, wide, high, 0.04 + glassesRound * (high - 0.04));
		const box: Bounds = [x - 0.22, y - 0.2, x + 0.22, y + 0.22];
		canvas.paint(head, box, lens, [0.8, 0.9, 1], { opacity: 0.12 });
		const gleam = intersection(lens, (u, v) => Math.abs(u - x + 0.04 + 0.7 * (v - y)) - 0.022);
		canvas.paint(head, box, gleam, [1, 1, 1], { opacity: 0.22 });
		canvas.paint(head, box, (u, v) => Math.abs(lens(u, v)) - line, glasses);
		const temple: [number, number][] = [
			[x + side * wide, y - 0.01],
			[side * (style.faceWidth + 0.01), y - 0.03],
		];
		canvas.paint(head, around(temple, 0.05), stroke(temple, line), glasses);
	}
	const bridge = arc(shift - eyeGap + wide, y + 0.005, shift + eyeGap - wide, y + 0.005, 0.015);
	canvas.paint(head, around(bridge, 0.05), stroke(bridge, line), glasses);
}
