/** Draws a horse or a zebra on a meadow: the same animal, place and light, with another coat. */
import type { Random } from "../../engine/random.ts";
import {
	Canvas,
	type Colour,
	ellipse,
	everywhere,
	type Frame,
	mix,
	type Shader,
	type Shape,
	shade,
	still,
	stroke,
	union,
} from "./canvas.ts";
import { grain, type Noise, smoothNoise } from "./noise.ts";

export type Coat = "horse" | "zebra";

interface Style {
	readonly frame: Frame;
	readonly facing: number;
	readonly horizon: number;
	readonly sky: readonly [Colour, Colour];
	readonly grass: Colour;
	readonly brown: Colour;
	readonly stripes: number;
	readonly light: number;
	readonly neck: number;
	readonly stride: readonly number[];
	readonly build: number;
	readonly hills: number;
}

/** The picture [size, size, 3] in bytes; with the same generator two coats differ only where the animal is. */
export function drawHorse(size: number, coat: Coat, random: Random): Uint8Array {
	const style = horseStyle(random.split("style"));
	const noise = smoothNoise(random.split("texture"));
	const canvas = new Canvas(size);
	drawMeadow(canvas, style, noise);
	drawAnimal(canvas, style, noise, coat);
	return canvas.bytes(grain(random.split("grain"), 0.012));
}

function horseStyle(random: Random): Style {
	const between = (low: number, high: number) => low + (high - low) * random.uniform();
	const horizon = between(-0.35, 0.15);
	return {
		frame: {
			x: between(-0.15, 0.15),
			y: horizon + between(0.12, 0.3),
			angle: between(-0.04, 0.04),
			scale: between(0.85, 1.15),
		},
		facing: random.uniform() < 0.5 ? -1 : 1,
		horizon,
		sky: [
			mix([0.35, 0.55, 0.85], [0.75, 0.75, 0.78], random.uniform()),
			mix([0.8, 0.88, 0.95], [0.95, 0.8, 0.65], random.uniform() ** 2),
		],
		grass: mix([0.3, 0.5, 0.18], [0.68, 0.6, 0.32], random.uniform()),
		brown: mix([0.5, 0.27, 0.12], [0.34, 0.18, 0.1], random.uniform()),
		stripes: between(20, 28),
		light: between(-1, 1),
		neck: between(-0.12, 0.1),
		stride: Array.from({ length: 4 }, () => between(-0.09, 0.09)),
		build: between(0.9, 1.12),
		hills: between(0.02, 0.12),
	};
}

function drawMeadow(canvas: Canvas, { horizon, sky, grass, hills }: Style, noise: Noise): void {
	canvas.paint(still, [-1, -1, 1, 1], everywhere, (u, v, out) => {
		const cloud = Math.max(0, noise(u * 1.8 + 4, v * 4 + 9) - 0.1) * 0.5;
		const [red, green, blue] = mix(mix(sky[0], sky[1], (v + 1) / (horizon + 1.2)), [1, 1, 1], cloud);
		out[0] = red;
		out[1] = green;
		out[2] = blue;
	});
	const ridge: Shape = (u, v) => horizon - hills * (1 + noise(u * 2.2 + 30, 7)) - v;
	canvas.paint(still, [-1, -1, 1, 1], ridge, mix(shade(grass, 0.75), sky[0], 0.35));
	const meadow: Shape = (u, v) => horizon + 0.01 * noise(u * 9, 1) - v;
	canvas.paint(still, [-1, -1, 1, 1], meadow, (u, v, out) => {
		const depth = (v - horizon) / (1 - horizon);
		const blades = 1 + 0.18 * noise(u * 26, v * 9 + 3) + 0.14 * noise(u * 5 + 8, v * 7 + 40) - 0.12 * depth;
		for (let channel = 0; channel < 3; channel += 1) out[channel] = (grass[channel] as number) * blades;
	});
}

function drawAnimal(canvas: Canvas, style: Style, noise: Noise, coat: Coat): void {
	const { frame, facing, build, neck, stride, light } = style;
	const mirrored =
		(shape: Shape): Shape =>
		(u, v) =>
			shape(u * facing, v);
	const coatOf =
		(dark: number): Shader =>
		(u, v, out) => {
			const x = u * facing;
			const round = 1.02 - 0.42 * Math.max(0, v - 0.02) - 0.1 * light * x + 0.05 * noise(u * 6 + 2, v * 6 + 5);
			const bent = x + 0.55 * v * Math.min(1, Math.max(-1, x * 2.2)) + 0.035 * noise(x * 5 + 11, v * 5 + 2);
			const wave = Math.sin(bent * style.stripes + 1.2 * noise(x * 3 + 50, v * 3));
			const striped = Math.min(1, Math.max(0, 0.5 + wave * 2.4));
			for (let channel = 0; channel < 3; channel += 1) {
				const plain = style.brown[channel] as number;
				const zebra = 0.07 + 0.86 * striped;
				out[channel] = (coat === "horse" ? plain : zebra) * round * dark;
			}
		};
	const box = [-0.95, -0.75, 0.95, 0.75] as const;
	canvas.paint(frame, box, ellipse(0, 0.6, 0.6, 0.06), shade(style.grass, 0.45), { opacity: 0.6, soft: 0.1 });
	const legs = [-0.37, -0.27, 0.27, 0.36].map((x, at) => {
		const foot = x + (stride[at] as number);
		return stroke(
			[
				[x, 0.1],
				[(x + foot) / 2 - 0.02, 0.36],
				[foot, 0.58],
			],
			0.047 * build,
		);
	});
	canvas.paint(frame, box, mirrored(union(legs[0] as Shape, legs[2] as Shape)), coatOf(0.68));
	const tail = stroke(
		[
			[-0.46, -0.12],
			[-0.56, 0.08],
			[-0.55, 0.34],
		],
		0.03,
	);
	canvas.paint(frame, box, mirrored(tail), coat === "horse" ? shade(style.brown, 0.4) : [0.12, 0.12, 0.12]);
	const trunk = union(
		ellipse(0, 0, 0.5, 0.21 * build),
		union(ellipse(-0.3, -0.03, 0.21, 0.22), ellipse(0.32, -0.01, 0.19, 0.21)),
	);
	const throat = stroke(
		[
			[0.38, -0.08],
			[0.55, -0.35 + neck],
		],
		0.115,
	);
	const head = stroke(
		[
			[0.58, -0.42 + neck],
			[0.76, -0.27 + 1.4 * neck],
		],
		0.07,
	);
	const ear = stroke(
		[
			[0.55, -0.48 + neck],
			[0.53, -0.57 + neck],
		],
		0.026,
	);
	const near = union(legs[1] as Shape, legs[3] as Shape);
	const body = union(union(trunk, near), union(throat, union(head, ear)));
	canvas.paint(frame, box, mirrored(body), coatOf(1));
	const mane = stroke(
		[
			[0.36, -0.24],
			[0.46, -0.42 + neck],
			[0.53, -0.53 + neck],
		],
		0.034,
	);
	canvas.paint(frame, box, mirrored(mane), coat === "horse" ? shade(style.brown, 0.35) : [0.16, 0.16, 0.16]);
	canvas.paint(
		frame,
		box,
		mirrored(ellipse(0.8, -0.24 + 1.4 * neck, 0.045, 0.05)),
		coat === "horse" ? shade(style.brown, 0.5) : [0.14, 0.13, 0.13],
	);
	canvas.paint(frame, box, mirrored(ellipse(0.63, -0.41 + 1.1 * neck, 0.018, 0.018)), [0.03, 0.03, 0.03]);
	for (const [at, x] of [-0.27, 0.36].entries()) {
		const foot = x + (stride[2 * at + 1] as number);
		canvas.paint(frame, box, mirrored(ellipse(foot + 0.01, 0.6, 0.055, 0.03)), [0.12, 0.1, 0.09]);
	}
}
