import { Random } from "../../engine/random.ts";

/** Smooth noise in [-1, 1] over the plane, one value for each whole-numbered point and between them interpolated. */
export type Noise = (x: number, y: number) => number;

const side = 128;
let lattice: Float32Array | undefined;
let normals: Float32Array | undefined;

/**
 * Noise that is a window into one table of 128 × 128 random values, at a place drawn from `random`: a table of its own
 * for each picture would cost more than the picture.
 */
export function smoothNoise(random: Random): Noise {
	lattice ??= Random.seed(0)
		.split("smooth noise")
		.uniforms(side * side, -1, 1);
	const table = lattice;
	const right = random.integer(side);
	const down = random.integer(side);
	return (x, y) => {
		const column = Math.floor(x);
		const row = Math.floor(y);
		const a = ease(x - column);
		const b = ease(y - row);
		const left = (column + right) & (side - 1);
		const next = (left + 1) & (side - 1);
		const line = ((row + down) & (side - 1)) * side;
		const below = ((row + down + 1) & (side - 1)) * side;
		const top = mixed(table[line + left] as number, table[line + next] as number, a);
		return mixed(top, mixed(table[below + left] as number, table[below + next] as number, a), b);
	};
}

const ease = (t: number) => t * t * (3 - 2 * t);
const mixed = (a: number, b: number, share: number) => a + (b - a) * share;

/** Grain: a normal value for each number, of standard deviation `deviation`, the same for the same number. */
export function grain(random: Random, deviation: number): (index: number) => number {
	normals ??= Random.seed(0).split("grain").normals(4096);
	const table = normals;
	const salt = random.uint32();
	return (index) => {
		const scrambled = Math.imul(index ^ salt, 0x9e3779b1);
		return deviation * (table[(scrambled ^ (scrambled >>> 15)) & 4095] as number);
	};
}
