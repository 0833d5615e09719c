/** How well a file's tensors are those of a network: what is missing, too many, or of another shape, under which prefix. */
import { type ParameterShape, Parameters } from "../../engine/parameters.ts";
import type { Options, System } from "../../models/system.ts";
import { sizeOf, type WeightsTensor } from "./weights.ts";

export type Tensors = ReadonlyMap<string, WeightsTensor>;
export type Shapes = readonly ParameterShape[];

/** Names of a network's tensors in a file, and what does not agree. */
export interface Fit {
	readonly network: string;
	/** What the file puts in front of the network's names: `state_dict.module.`. */
	readonly prefix: string;
	/** The file's names by ours. */
	readonly names: ReadonlyMap<string, string>;
	readonly missing: readonly string[];
	readonly extra: readonly string[];
	readonly wrong: readonly {
		readonly name: string;
		readonly ours: readonly number[];
		readonly theirs: readonly number[];
	}[];
	/** Running statistics and counters of the file that this network does not keep. */
	readonly aside: readonly string[];
	/** 0 where all agrees. */
	readonly cost: number;
}

const counter = /(^|\.)num_batches_tracked$/;
const statistics = /(^|\.)(running_mean|running_var|num_batches_tracked)$/;

/** Names and shapes of a system's networks, or of those named; undefined where its options contradict each other. */
export function describeNetworks(
	system: System,
	options: Options,
	only?: readonly string[],
): Readonly<Record<string, Shapes>> | undefined {
	try {
		const networks = Object.entries(system.networks(options)).filter(([name]) => only?.includes(name) ?? true);
		return Object.fromEntries(networks.map(([name, build]) => [name, Parameters.describe(build)]));
	} catch {
		return undefined;
	}
}

/** Compares the tensors under `prefix` with a network. */
export function fitNetwork(tensors: Tensors, network: string, shapes: Shapes, prefix: string): Fit {
	const below = new Map<string, WeightsTensor>();
	for (const [name, tensor] of tensors) if (name.startsWith(prefix)) below.set(name.slice(prefix.length), tensor);
	const names = new Map<string, string>();
	const missing: string[] = [];
	const wrong: Fit["wrong"][number][] = [];
	let cost = 0;
	for (const { name, shape } of shapes) {
		const tensor = below.get(name);
		if (tensor === undefined) {
			// PyTorch before 0.4.1 kept no counters.
			if (counter.test(name)) continue;
			missing.push(name);
			cost += 4;
			continue;
		}
		names.set(name, `${prefix}${name}`);
		const apart = differingAxes(shape, tensor.shape);
		if (apart > 0) wrong.push({ name, ours: shape, theirs: tensor.shape });
		cost += apart;
	}
	const known = new Set(shapes.map(({ name }) => name));
	const unknown = [...below.keys()].filter((name) => !known.has(name));
	const keepsStatistics = shapes.some(({ name }) => statistics.test(name));
	const aside = unknown.filter((name) => (keepsStatistics ? counter : statistics).test(name));
	const extra = unknown.filter((name) => !aside.includes(name));
	cost += 4 * extra.length + 0.01 * aside.length;
	return { network, prefix, names, missing, extra, wrong, aside, cost };
}

/**
 * Prefixes under which some of a network's names occur, the most frequent first. One inside another that has more of them is
 * none: `resnet_blocks.0.` also has a `conv1.weight`.
 */
export function prefixesOf(tensors: Tensors, shapes: Shapes): string[] {
	const endings = new Map<string, string[]>();
	for (const name of tensors.keys()) {
		const last = name.slice(name.lastIndexOf(".") + 1);
		endings.set(last, [...(endings.get(last) ?? []), name]);
	}
	const counts = new Map<string, number>();
	const step = Math.max(1, Math.floor(shapes.length / 60));
	for (let index = 0; index < shapes.length; index += step) {
		const { name } = shapes[index] as ParameterShape;
		for (const full of endings.get(name.slice(name.lastIndexOf(".") + 1)) ?? []) {
			if (full !== name && !full.endsWith(`.${name}`)) continue;
			const prefix = full.slice(0, full.length - name.length);
			counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
		}
	}
	const sorted = [...counts].sort((a, b) => b[1] - a[1]);
	const isInner = (prefix: string, count: number) =>
		sorted.some(([outer, more]) => more > count && outer !== prefix && prefix.startsWith(outer));
	return sorted.filter(([prefix, count]) => !isInner(prefix, count)).map(([prefix]) => prefix);
}

/** 0 for equal shapes; PyTorch keeps scalars as [] or [1]. */
function differingAxes(ours: readonly number[], theirs: readonly number[]): number {
	if (sizeOf(ours) === 1 && sizeOf(theirs) === 1) return 0;
	if (ours.length !== theirs.length) return 4;
	return ours.filter((side, axis) => side !== theirs[axis]).length;
}
