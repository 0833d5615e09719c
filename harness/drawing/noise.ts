import type { Random } from "../../engine/random.ts";

/** Smooth noise in [-1, 1] over the plane, one value for each whole-numbered point and between them interpolated. */
export type Noise = (x: number, y: number) => number;

/** Noise whose values are drawn from `random`; repeats after 64 in either direction. */
export function smoothNoise(random: Random): Noise {
	const table = random.uniforms(4096, -1, 1);
	return (x, y) => {
		const column = Math.floor(x);
		const row = Math.floor(y);
		const a = ease(x - column);
		const b = ease(y - row);
		const at = (dx: number, dy: number) => table[(((row + dy) & 63) << 6) | ((column + dx) & 63)] as number;
		const top = at(0, 0) + (at(1, 0) - at(0, 0)) * a;
		const bottom = at(0, 1) + (at(1, 1) - at(0, 1)) * a;
		return top + (bottom - top) * b;
	};
}

const ease = (t: number) => t * t * (3 - 2 * t);

/** Grain: a normal value for each number, of standard deviation `deviation`, the same for the same number. */
export function grain(random: Random, deviation: number): (index: number) => number {
	const table = random.normals(2048, 0, deviation);
	const salt = random.uint32();
	return (index) => {
		const mixed = Math.imul(index ^ salt, 0x9e3779b1);
		return table[(mixed ^ (mixed >>> 15)) & 2047] as number;
	};
}
