/**
 * Weights made by a formula from their names, with which the goldens of large networks were computed: a network is proved
 * layer by layer without its published weights. The formula is given in fixtures/inception/README.md.
 */
import type { TorchWeight } from "../../metrics/features/inception.ts";
import type { Golden } from "./golden.ts";

/** The weights whose shapes a file names, by name; `net` names the network in a file that holds several. */
export function formulaWeights(shapes: Golden["shapes"], net = ""): (name: string) => TorchWeight | undefined {
	return (name) => {
		const shape = shapes.get(net === "" ? name : `${net}/${name}`);
		return shape === undefined ? undefined : { shape, data: formulaWeight(name, shape) };
	};
}

/** Values of the tensor `name`, row-major, as float32. */
export function formulaWeight(name: string, shape: readonly number[]): Float32Array {
	const size = shape.reduce((product, length) => product * length, 1);
	const hash = fnv1a(name);
	const value = formulaFor(name, shape);
	const result = new Float32Array(size);
	for (let index = 0; index < size; index += 1) {
		// Only the low 32 bits of (index + hash) · 0x9E3779B9 are kept, which imul gives.
		let bits = Math.imul((index + hash) | 0, 0x9e3779b9);
		bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
		bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
		result[index] = value(((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32);
	}
	return result;
}

function formulaFor(name: string, shape: readonly number[]): (u: number) => number {
	if (name.endsWith("running_mean")) return (u) => 0.1 * (2 * u - 1);
	if (name.endsWith("running_var")) return (u) => 0.8 + 0.4 * u;
	const inputs = shape.slice(1).reduce((product, length) => product * length, 1);
	if (shape.length === 4) return (u) => (2 * u - 1) * Math.sqrt(6 / inputs);
	if (shape.length === 2) return (u) => (2 * u - 1) * Math.sqrt(3 / inputs);
	if (name.endsWith("weight")) return (u) => 0.9 + 0.2 * u;
	return (u) => 0.1 * (2 * u - 1);
}

function fnv1a(text: string): number {
	let hash = 0x811c9dc5;
	for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
	return hash >>> 0;
}
