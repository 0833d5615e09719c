/**
 * Brings checkpoints of the authors' own code into ours: finds each network of a system in the files, the options with which
 * the shapes agree, and writes a checkpoint that `train` and `generate` read.
 */
import type { TorchArray } from "../../engine/parameters.ts";
import type { Options, System } from "../../models/system.ts";
import { hasCheckpoint, writeCheckpoint } from "../checkpoint.ts";
import { describeNetworks, fitNetwork, prefixesOf, type Shapes, type Tensors } from "./fit.ts";
import { decidedBy, type Found, type Place, searchOptions } from "./options.ts";
import { sizeOf, type WeightsFile } from "./weights.ts";

/** A file, and the network that it holds where that is said. */
export interface Source {
	readonly file: WeightsFile;
	readonly network?: string;
}

export interface ImportOptions {
	/** Options that are known; the others are found by the shapes. */
	readonly options?: Options;
	/** Names of the labels of a conditional system. */
	readonly attributes?: readonly string[];
	/** Folder of the checkpoint. */
	readonly out: string;
}

export interface Imported {
	readonly system: string;
	readonly options: Options;
	/** What was taken, by network. */
	readonly networks: Readonly<Record<string, { file: string; prefix: string; tensors: number; parameters: number }>>;
	/** Networks of the system that no file holds. */
	readonly absent: readonly string[];
	/** Tensors of the files that belong to no network: optimisers, counters. */
	readonly aside: readonly string[];
	readonly checkpoint: string;
}

/** Reads, compares, writes. Throws with the list of differences where a file does not hold the system's networks. */
export async function importWeights(
	sources: readonly Source[],
	system: System,
	{ options: given = {}, attributes, out }: ImportOptions,
): Promise<Imported> {
	if (Object.keys(system.networks()).length === 0) {
		throw new RangeError(`import: system must have parameters, got ${system.id}, which has none`);
	}
	if (hasCheckpoint(out)) throw new RangeError(`${out}: must hold no checkpoint yet, got one; name another folder`);
	const tensors: Record<string, TorchArray> = {};
	const networks: Record<string, Imported["networks"][string]> = {};
	const aside: string[] = [];
	let options: Options = given;
	for (const source of sources) {
		const { file } = source;
		const named = withOurNames(file.tensors, system, given);
		const found = findForm(source, named, system, options);
		for (const each of found.fits) {
			const { network, prefix, names } = each;
			if (networks[network] !== undefined) {
				throw new RangeError(`${file.path}: ${network} must be in one file, got it in ${networks[network].file} too`);
			}
			const shapes = (describeNetworks(system, found.options) as Record<string, Shapes>)[network] as Shapes;
			for (const { name, shape, size } of shapes) {
				const theirs = names.get(name);
				const data = theirs === undefined ? new Float32Array(size) : named.get(theirs)?.read().data;
				const at = data?.findIndex((each) => !Number.isFinite(each)) ?? -1;
				if (at >= 0) throw new RangeError(`${file.path}: ${theirs} must be finite, got ${data?.[at]} at place ${at}`);
				tensors[`${network}.${name}`] = { shape, data: data as Float32Array };
			}
			const parameters = shapes.reduce((sum, { size, trainable }) => sum + (trainable ? size : 0), 0);
			networks[network] = { file: file.path, prefix, tensors: names.size, parameters };
		}
		aside.push(...leftOver(file.path, named, system, found));
		options = { ...options, ...decidedBy(system, found) };
	}
	const absent = Object.keys(system.networks(options)).filter((name) => networks[name] === undefined);
	const full = { ...system.options, ...options };
	const checkpoint = await writeCheckpoint(out, tensors, {
		...{ system: system.id, step: 0, seed: 0, settings: {}, options: full },
		...(attributes === undefined ? {} : { attributes }),
	});
	return { system: system.id, options: full, networks, absent, aside, checkpoint };
}

/** The file's tensors under our names of layers, where the system's code has others. */
function withOurNames(tensors: Tensors, system: System, given: Options): Tensors {
	// Each network counts its layers from none, so one file holds one of them: the one whose layers are just those of the file.
	const theirs = new Set([...tensors.keys()].map((name) => name.slice(0, name.lastIndexOf("."))));
	for (const names of layerNames(system, given)) {
		const ours = new Map(Object.entries(names).map(([part, layer]) => [layer, part]));
		if (ours.size !== theirs.size || ![...theirs].every((layer) => ours.has(layer))) continue;
		return new Map(
			[...tensors].map(([name, tensor]) => {
				const at = name.lastIndexOf(".");
				return [`${ours.get(name.slice(0, at))}${name.slice(at)}`, tensor];
			}),
		);
	}
	return tensors;
}

/** Names of layers of every network, at the options that are given and at others that change them. */
function layerNames(system: System, given: Options): Readonly<Record<string, string>>[] {
	const { layers, choices = {} } = system;
	if (layers === undefined) return [];
	const variants: Options[] = [given];
	for (const [name, value] of Object.entries(system.options)) {
		if (name in given) continue;
		const others = typeof value === "number" ? [2, 4, 8, 16] : (choices[name] ?? []);
		variants.push(
			...variants.flatMap((options) => others.map((other) => ({ ...options, [name]: other }))).slice(0, 500),
		);
	}
	const found = new Map<string, Readonly<Record<string, string>>>();
	for (const options of variants) {
		for (const names of Object.values(layers(options))) found.set(JSON.stringify(names), names);
	}
	return [...found.values()];
}

/**
 * Which networks a file holds, where, and with which options; tried again with each other choice that makes other tensors, since
 * names and widths that fit best beside a wrong choice need not be the file's. Throws where differences remain, those of the
 * first try.
 */
function findForm(source: Source, tensors: Tensors, system: System, given: Options): Found {
	const attempt = (options: Options): Found => {
		const found = findNetworks(source, tensors, system, options);
		refuseDifferences(source.file.path, system, found);
		return found;
	};
	const shapesOf = (options: Options) => JSON.stringify(describeNetworks(system, { ...system.options, ...options }));
	try {
		return attempt(given);
	} catch (first) {
		if (!(first instanceof RangeError)) throw first;
		for (const [name, value] of Object.entries(system.options)) {
			if (name in given || typeof value === "number") continue;
			const others = typeof value === "boolean" ? [!value] : (system.choices?.[name] ?? []);
			for (const other of others) {
				const options = { ...given, [name]: other };
				if (shapesOf(options) === shapesOf(given)) continue;
				try {
					return attempt(options);
				} catch {
					// Not this one either.
				}
			}
		}
		throw first;
	}
}

/** Which networks a file holds, where, and with which options. */
function findNetworks({ file, network }: Source, tensors: Tensors, system: System, given: Options): Found {
	const described = describeNetworks(system, { ...system.options, ...given });
	if (described === undefined) {
		// Says itself what is wrong.
		system.networks(given);
		throw new Error(`internal: ${system.id} must describe its networks`);
	}
	const all = Object.keys(described);
	if (network !== undefined && !all.includes(network)) {
		throw new RangeError(`${file.path}: network must be one of ${all.join(", ")} of ${system.id}, got ${network}`);
	}
	const wanted = network === undefined ? all : [network];
	const claims = wanted.flatMap((id) => {
		const shapes = described[id] as Shapes;
		return prefixesOf(tensors, shapes)
			.slice(0, 8)
			.map((prefix) => ({
				network: id,
				prefix,
				isNamed: isNamed(prefix, id),
				cost: fitNetwork(tensors, id, shapes, prefix).cost,
			}));
	});
	if (claims.length === 0) throw foreign(file, tensors, system, described, wanted);
	const prefixes = new Set(claims.map(({ prefix }) => prefix));
	if (prefixes.size > 1 || wanted.length === 1) return searchOptions(system, tensors, claimed(claims), given);
	// One set of tensors, which may be any of the networks: the one it fits best once the options are known.
	const [prefix = ""] = prefixes;
	// Generators of both directions are alike: one search does for them.
	const kinds = new Map<string, string[]>();
	for (const id of new Set(claims.map((claim) => claim.network))) {
		const kind = JSON.stringify(described[id]);
		kinds.set(kind, [...(kinds.get(kind) ?? []), id]);
	}
	const costOf = (id: string) => Math.min(...claims.filter(({ network }) => network === id).map(({ cost }) => cost));
	const sorted = [...kinds.values()].sort(([a = ""], [b = ""]) => costOf(a) - costOf(b));
	let best: { readonly ids: readonly string[]; readonly found: Found } | undefined;
	for (const ids of sorted) {
		if (best !== undefined && best.found.cost < 1) break;
		const found = searchOptions(system, tensors, [{ network: ids[0] as string, prefix }], given);
		if (best === undefined || found.cost < best.found.cost) best = { ids, found };
	}
	const { ids: alike, found } = best as NonNullable<typeof best>;
	if (alike.length > 1) {
		throw new RangeError(
			`${file.path}: must hold one network of ${system.id}, got one that may be ${alike.join(" or ")}; say which by ${alike[0]}=${file.path}`,
		);
	}
	return found;
}

interface Claim extends Place {
	/** Whether the prefix holds the network's own name. */
	readonly isNamed: boolean;
	readonly cost: number;
}

/** One prefix for each network and one network for each prefix: those that name it first, then the best fits. */
function claimed(claims: readonly Claim[]): Place[] {
	const order = [...claims].sort((a, b) => Number(b.isNamed) - Number(a.isNamed) || a.cost - b.cost);
	const places: Place[] = [];
	for (const { network, prefix } of order) {
		if (places.some((place) => place.network === network || place.prefix === prefix)) continue;
		places.push({ network, prefix });
	}
	const named = new Set(claims.filter(({ isNamed }) => isNamed).map(({ network }) => network));
	// Where the file names networks, one it does not name is not there.
	const kept = named.size === 0 ? places : places.filter(({ network }) => named.has(network));
	const ids = claims.map(({ network }) => network);
	return kept.sort((a, b) => ids.indexOf(a.network) - ids.indexOf(b.network));
}

/** `netG_A.module.` names G_A: a component that is the name, with or without `net` in front or a suffix behind. */
function isNamed(prefix: string, network: string): boolean {
	const name = network.toLowerCase();
	return prefix
		.toLowerCase()
		.split(".")
		.some((part) => part === name || part === `net${name}` || part === `net_${name}` || part === `${name}_state_dict`);
}

function refuseDifferences(path: string, system: System, { fits }: Found): void {
	const differences = fits.flatMap((each) => {
		const { network, missing, extra, wrong } = each;
		const shapes = wrong.map(({ name, ours, theirs }) => `${name} [${theirs}], not [${ours}]`);
		return [
			...(missing.length === 0 ? [] : [`${network} lacks ${list(missing)}`]),
			...(extra.length === 0 ? [] : [`${network} has ${list(extra)} too many`]),
			...(wrong.length === 0 ? [] : [`${network} has other shapes: ${list(shapes)}`]),
		];
	});
	if (differences.length === 0) return;
	throw new RangeError(`${path}: must hold the networks of ${system.id}, got differences: ${differences.join("; ")}`);
}

function foreign(
	{ path }: WeightsFile,
	tensors: Tensors,
	system: System,
	described: Readonly<Record<string, Shapes>>,
	wanted: readonly string[],
): RangeError {
	const ours = wanted.map(
		(id) =>
			`${id} with ${list(
				(described[id] as Shapes).map(({ name }) => name),
				3,
			)}`,
	);
	return new RangeError(
		`${path}: must hold the networks of ${system.id} (${ours.join("; ")}), got other tensors: ${list([...tensors.keys()], 3)}`,
	);
}

const bookkeeping =
	/(^|[._])(optim|optimizers?|schedulers?|lr|epoch|iter|iteration|step|scaler|exp_avg|ema|metadata|rng)/i;

/** Tensors of no network. Those of optimisers and the like are named, single values (a best score) too, others refused. */
function leftOver(path: string, tensors: Tensors, system: System, { fits }: Found): string[] {
	const taken = new Set(fits.flatMap(({ names }) => [...names.values()]));
	const statistics = new Set(fits.flatMap(({ prefix, aside }) => aside.map((name) => `${prefix}${name}`)));
	const rest = [...tensors.keys()].filter((name) => !taken.has(name));
	const isValue = (name: string) => sizeOf(tensors.get(name)?.shape ?? []) === 1;
	const unknown = rest.filter((name) => !statistics.has(name) && !bookkeeping.test(name) && !isValue(name));
	if (unknown.length > 0) {
		throw new RangeError(`${path}: must hold the networks of ${system.id} alone, got also ${list(unknown)}`);
	}
	return rest;
}

function list(names: readonly string[], most = 8): string {
	const rest = names.length - most;
	return rest > 0 ? `${names.slice(0, most).join(", ")} and ${rest} more` : names.join(", ");
}
