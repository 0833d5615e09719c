/** The networks of a system made together. */
import { Parameters } from "../../engine/parameters.ts";
import type { Random } from "../../engine/random.ts";

type Blocks = Readonly<Record<string, (parameters: Parameters) => unknown>>;

/** Makes each network into parameters of its own, drawn from `random` by its name, and gives their functions. */
export function networksOf<B extends Blocks>(blocks: B, random: Random) {
	const names = Object.keys(blocks) as (keyof B & string)[];
	const networks = Object.fromEntries(names.map((name) => [name, new Parameters(random.split(name))]));
	const layers = Object.fromEntries(names.map((name) => [name, blocks[name]?.(networks[name] as Parameters)]));
	return {
		networks: networks as { readonly [Name in keyof B]: Parameters },
		layers: layers as { readonly [Name in keyof B]: ReturnType<B[Name]> },
	};
}
