/** Draws a face from its style and its attributes, back to front: background, hair behind, body, head, features, hair before. */
import type { Random } from "../../engine/random.ts";
import {
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
	union,
	without,
} from "./canvas.ts";
import { drawAge, drawBeard, drawBrows, drawEyes, drawGlasses, drawMouth, drawNose } from "./face-features.ts";
import { drawHairBefore, drawHairBehind } from "./face-hair.ts";
import type { Look, Scene } from "./face-scene.ts";
import { type FaceStyle, hairColour } from "./face-style.ts";
import { grain, smoothNoise } from "./noise.ts";

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
		// Far inside there is no edge to find.
		if (Math.abs(u) < 0.5 * width && Math.abs(v) < 0.5 * height) return -0.1;
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
		const between = Math.min(1, Math.max(0, share));
		out[0] = (one[0] + (other[0] - one[0]) * between) * light;
		out[1] = (one[1] + (other[1] - one[1]) * between) * light;
		out[2] = (one[2] + (other[2] - one[2]) * between) * light;
	});
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
