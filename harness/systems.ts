/** Every system by name: the cards that the files of models/ export. The folder is the list. */
import { readdir } from "node:fs/promises";
import { Parameters } from "../engine/parameters.ts";
import type { Options, System } from "../models/system.ts";
import { didYouMean } from "./suggest.ts";

/** Files of models/ that hold the contract of systems and no system. */
const contracts = new Set(["paper", "system"]);
const folder = new URL("../models/", import.meta.url);

/** All cards by the file that holds them, in order of file names. */
export async function systemsByFile(): Promise<ReadonlyMap<string, readonly System[]>> {
	const names = (await readdir(folder)).filter((name) => name.endsWith(".js")).map((name) => name.slice(0, -3));
	const found = new Map<string, readonly System[]>();
	// A paper that several systems share has a file of its own, without a card.
	for (const name of names.filter((name) => !contracts.has(name) && !name.endsWith("-paper")).sort()) {
		const { systems = [] } = (await import(new URL(`${name}.js`, folder).href)) as { systems?: readonly System[] };
		found.set(name, systems);
	}
	return found;
}

/** All cards, in order of files. */
export async function allSystems(): Promise<readonly System[]> {
	return [...(await systemsByFile()).values()].flat();
}

/** The card of system `id`; `where` names the asker. Throws, listing what there is. */
export async function findSystem(id: string, where: string): Promise<System> {
	const all = await allSystems();
	const found = all.find((system) => system.id === id);
	if (found !== undefined) return found;
	const ids = all.map((system) => system.id);
	throw new RangeError(`${where}: system must be one of ${ids.join(", ")}, got ${didYouMean(id, ids)}`);
}

/** Trainable values of each network at the given options, by its prefix. */
export function countNetworks(system: System, options: Options = {}): Readonly<Record<string, number>> {
	const networks = Object.entries(system.networks(options));
	return Object.fromEntries(networks.map(([name, build]) => [name, Parameters.count(build)]));
}
