/** Eyes, nose, mouth, brows, beard, wrinkles and glasses of a drawn face. */
import {
	arc,
	around,
	type Bounds,
	ellipse,
	type Frame,
	intersection,
	mix,
	roundBox,
	type Shape,
	shade,
	stroke,
	without,
} from "./canvas.ts";
import type { Scene } from "./face-scene.ts";

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
export function drawAge(scene: Scene): void {
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

export function drawEyes(scene: Scene): void {
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

export function drawNose({ canvas, head, style }: Scene): void {
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

export function drawMouth({ canvas, head, style, look }: Scene): void {
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
			const fold = arc(x + side * (half - 0.035), y - 0.13, x + side * (half + 0.045), y + 0.015, side * 0.012);
			canvas.paint(head, around(fold, 0.08), stroke(fold, 0.012), shade(skin, 0.66), { opacity: 0.35, soft: 0.05 });
		}
	} else {
		const line = arc(x - half, corner, x + half, corner, -bow);
		canvas.paint(head, box, stroke(line, 0.008), shade(mix(lips, [0.2, 0.05, 0.05], 0.5), 0.75), { opacity: 0.9 });
	}
}

export function drawBrows({ canvas, head, style, look, hair }: Scene): void {
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
export function drawBeard({ canvas, head, style, look, skull, hair }: Scene): void {
	const x = 0.055 * style.yaw;
	const y = style.mouthHeight;
	if (look.male) {
		// Steep, so that the soft edge of the shadow stays on the face.
		const face: Shape = (u, v) => 6 * skull(u, v);
		const jaw = intersection(
			face,
			without((u, v) => 0.3 - v - 0.34 * Math.abs(u) * Math.abs(u) * 3, ellipse(x, y + 0.02, 0.14, 0.075)),
		);
		const shadow = mix(shade(style.skin, 0.5), shade(hair, 0.8), 0.35);
		canvas.paint(head, [-0.6, 0, 0.6, 0.85], jaw, shadow, { opacity: 0.2 + 0.45 * style.stubble, soft: 0.2 });
	}
	if (!look.mustache) return;
	const points = [...arc(x - 0.2, y - 0.035, x, y - 0.088, 0.018), ...arc(x, y - 0.088, x + 0.2, y - 0.035, 0.018)];
	const line = stroke(points, 1);
	const tapered: Shape = (u, v) => line(u, v) + 1 - 0.042 * (1 - 0.75 * (Math.abs(u - x) / 0.2) ** 2);
	canvas.paint(head, around(points, 0.08), tapered, shade(hair, 0.75), { opacity: 0.95, soft: 0.02 });
}

export function drawGlasses({ canvas, head, style }: Scene): void {
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
