/**
 * Draws slices of a brain as magnetic resonance shows it, skull taken off, in four modalities (FLAIR, T1, T1 with contrast,
 * T2), with a lesion of known outline or without. Tissues are mixed by smooth borders and each has its brightness in each
 * modality; nothing here is meant to be anatomically exact.
 */
import type { Random } from "../../engine/random.ts";
import { grain, type Noise, smoothNoise } from "./noise.ts";

export interface BrainSlice {
	/** [size, size, 4] bytes: FLAIR, T1, T1 with contrast, T2. */
	readonly pixels: Uint8Array;
	/** Whole lesion, [size, size] of 0 or 255. */
	readonly mask: Uint8Array;
}

export interface Patient {
	readonly width: number;
	readonly height: number;
	readonly x: number;
	readonly y: number;
	readonly angle: number;
	readonly folds: number;
	readonly ventricles: number;
	/** Strength of the coil's shading over the picture, and its direction. */
	readonly shading: number;
	readonly shadingAngle: number;
	readonly contrast: readonly number[];
	readonly lesion: Lesion;
}

interface Lesion {
	readonly x: number;
	readonly y: number;
	/** Height in the head at which it is widest, -1 to 1, and how far it reaches up and down. */
	readonly level: number;
	readonly reach: number;
	readonly radius: number;
	readonly core: number;
	readonly necrosis: number;
	readonly roughness: number;
}

/** Brightness of each tissue by modality: cerebrospinal fluid, grey matter, white matter, oedema, enhancing rim, necrosis. */
const tissues: readonly (readonly number[])[] = [
	[0.1, 0.56, 0.4, 0.88, 0.74, 0.42],
	[0.12, 0.42, 0.66, 0.36, 0.42, 0.2],
	[0.12, 0.42, 0.64, 0.36, 0.97, 0.16],
	[0.92, 0.56, 0.4, 0.8, 0.62, 0.86],
];

/** What is the same in all slices of a patient. */
export function patient(random: Random): Patient {
	const between = (low: number, high: number) => low + (high - low) * random.uniform();
	const side = random.uniform() < 0.5 ? -1 : 1;
	return {
		width: between(0.5, 0.58),
		height: between(0.64, 0.74),
		x: between(-0.04, 0.04),
		y: between(-0.04, 0.04),
		angle: between(-0.1, 0.1),
		folds: between(6.5, 9),
		ventricles: between(0.7, 1.5),
		shading: between(0, 0.22),
		shadingAngle: between(0, 2 * Math.PI),
		contrast: Array.from({ length: 4 }, () => between(0.88, 1.12)),
		lesion: {
			x: side * between(0.13, 0.31),
			y: between(-0.38, 0.38),
			level: between(-0.35, 0.35),
			reach: between(0.35, 0.6),
			radius: between(0.13, 0.24),
			core: between(0.45, 0.7),
			necrosis: between(0.3, 0.7),
			roughness: between(0.15, 0.32),
		},
	};
}

/**
 * The slice at a height of the head, -1 (base) to 1 (top). `diseased` adds the patient's lesion where it reaches this height;
 * with the same generator the slice with and without it differ only there.
 */
export function drawBrain(
	size: number,
	person: Patient,
	height: number,
	diseased: boolean,
	random: Random,
): BrainSlice {
	const noise = smoothNoise(random.split("texture"));
	const film = grain(random.split("grain"), 0.016);
	const pixels = new Uint8ClampedArray(size * size * 4);
	const mask = new Uint8Array(size * size);
	const cos = Math.cos(person.angle);
	const sin = Math.sin(person.angle);
	// Slices have wide margins; the brain is drawn larger, so that small pictures show it.
	const zoom = 1.25;
	const pixel = 2 / (size * zoom);
	const shares = new Float64Array(6);
	for (let row = 0; row < size; row += 1) {
		const y = ((row + 0.5) * 2) / size - 1 - person.y;
		for (let column = 0; column < size; column += 1) {
			const x = ((column + 0.5) * 2) / size - 1 - person.x;
			const u = (x * cos + y * sin) / zoom;
			const v = (y * cos - x * sin) / zoom;
			const inside = brainAt(person, height, u, v, noise, pixel, shares);
			const lesion = diseased ? lesionAt(person.lesion, height, u, v, noise, pixel, shares) * inside : 0;
			const at = row * size + column;
			if (lesion > 0.5) mask[at] = 255;
			if (inside === 0) continue;
			const slope = Math.cos(person.shadingAngle) * x + Math.sin(person.shadingAngle) * y;
			const light = inside * (1 + person.shading * slope);
			for (let modality = 0; modality < 4; modality += 1) {
				const brightness = tissues[modality] as readonly number[];
				let sum = 0;
				for (let tissue = 0; tissue < 6; tissue += 1)
					sum += (shares[tissue] as number) * (brightness[tissue] as number);
				const texture = 0.035 * noise(u * 16 + 7 * modality, v * 16 + 3);
				const value =
					(sum + texture) * light * (person.contrast[modality] as number) + film(at * 4 + modality) * inside;
				pixels[at * 4 + modality] = value * 225;
			}
		}
	}
	return { pixels: new Uint8Array(pixels.buffer), mask };
}

/** Shares of fluid, grey and white matter at a point; returns how much of the point lies in the brain. */
function brainAt(
	person: Patient,
	level: number,
	u: number,
	v: number,
	noise: Noise,
	pixel: number,
	shares: Float64Array,
): number {
	const scale = Math.sqrt(Math.max(0.2, 1 - 0.5 * level * level)) * (level < 0 ? 1 + 0.08 * level : 1);
	const a = u / (person.width * scale);
	const b = v / (person.height * scale);
	const angle = Math.atan2(b, a);
	const radius = Math.sqrt(a * a + b * b) * (1 + 0.03 * Math.sin(2 * angle + 1) + 0.02 * noise(angle * 2 + 20, 5));
	const depth = (1 - radius) * person.width * scale;
	const inside = clamp(0.5 + depth / pixel);
	if (inside === 0) return 0;
	// Folds: the border of grey and white winds in and out, and fluid fills the furrows.
	const winding = noise(u * person.folds + 40, v * person.folds + 12);
	const cortex = 0.08 + 0.075 * winding;
	const furrow = ramp(winding, 0.3, 0.65) * ramp(0.12 - depth, 0, 0.05);
	const cleft = ramp(0.012 - Math.abs(u + 0.012 * noise(v * 4, 2)), -0.008, 0.008) * ramp(Math.abs(v), 0.16, 0.3);
	const deep = ramp(0.07 - Math.hypot(Math.abs(u) - 0.15, v - 0.06), -0.01, 0.02) * ramp(0.6 - Math.abs(level), 0, 0.3);
	const horns = Math.hypot((Math.abs(u) - 0.055 - 0.1 * Math.abs(v)) / 0.055, v / 0.24);
	const open = person.ventricles * Math.max(0, 1 - 1.6 * Math.abs(level - 0.1));
	const ventricle = ramp(open - horns, -0.12, 0.12) * (open > 0 ? 1 : 0);
	const fluid = Math.max(ventricle, furrow, cleft, ramp(0.014 - depth, -0.006, 0.006));
	const grey = Math.max(ramp(cortex - depth, -0.018, 0.018), deep) * (1 - fluid);
	shares.fill(0);
	shares[0] = fluid;
	shares[1] = grey;
	shares[2] = Math.max(0, 1 - fluid - grey);
	return inside;
}

/** Replaces tissue by oedema, rim and necrosis where the lesion is; returns its share of the point. */
function lesionAt(
	lesion: Lesion,
	level: number,
	u: number,
	v: number,
	noise: Noise,
	pixel: number,
	shares: Float64Array,
): number {
	const across = (level - lesion.level) / lesion.reach;
	if (Math.abs(across) >= 1) return 0;
	const radius = lesion.radius * Math.sqrt(1 - across * across);
	const dx = u - lesion.x;
	const dy = v - lesion.y;
	const distance = Math.sqrt(dx * dx + dy * dy);
	// By direction alone, so that the outline has bays but no islands.
	const east = dx / (distance + 1e-6);
	const south = dy / (distance + 1e-6);
	const bays = lesion.roughness * noise(1.7 * east + 70, 1.7 * south + 23);
	const rough = 1 + bays + 0.06 * noise(4 * east + 9, 4 * south);
	const edge = radius * rough - distance;
	const share = clamp(0.5 + edge / Math.max(pixel, 0.025));
	if (share === 0) return 0;
	const core = radius * lesion.core * (1 + 0.3 * lesion.roughness * noise(u * 12 + 5, v * 12 + 44));
	const rim = ramp(core - distance, -0.01, 0.01);
	const dead = ramp(core * lesion.necrosis - distance, -0.02, 0.02);
	for (let tissue = 0; tissue < 3; tissue += 1) shares[tissue] = (shares[tissue] as number) * (1 - share);
	shares[3] = share * (1 - rim);
	shares[4] = share * rim * (1 - dead);
	shares[5] = share * rim * dead;
	return share;
}

const clamp = (value: number) => Math.min(1, Math.max(0, value));

/** Smooth step from 0 at `low` to 1 at `high`. */
function ramp(value: number, low: number, high: number): number {
	const t = clamp((value - low) / (high - low));
	return t * t * (3 - 2 * t);
}
