/** Opens a checkpoint, of a training or imported, as the system that it is of; or a system that has nothing to keep in one. */
import type { Parameters } from "../../engine/parameters.ts";
import type { Gan } from "../../models/paper.ts";
import type { Options, System } from "../../models/system.ts";
import { checkpointFile, hasCheckpoint, readHeader } from "../checkpoint.ts";
import { searchOptions } from "../import/options.ts";
import { readSafetensors, type SafeTensors } from "../safetensors.ts";
import { findSystem } from "../systems.ts";
import type { Applicable } from "./apply.ts";

export interface Model extends Disposable {
	readonly system: System;
	readonly options: Options;
	readonly gan: Applicable;
	/** Names of its labels, where the checkpoint says them. */
	readonly attributes: readonly string[] | undefined;
	/** Networks that the checkpoint lacks; zeros stand for their values. */
	readonly absent: readonly string[];
	/** Names of what depends on networks that the checkpoint lacks: `run` is run with one value in them, and another. */
	dependentOnAbsent(run: () => Readonly<Record<string, ArrayBufferView>>): ReadonlySet<string>;
	/** The checkpoint's file, or the system's id where it has none. */
	readonly path: string;
	readonly hasCheckpoint: boolean;
}

/**
 * Throws, naming the folder, where it holds no checkpoint, or one of another system than `expected`. Of a pair that makes
 * pictures of two classes (class-pair.ts) the half of `domain` is opened.
 */
export async function openModel(folder: string, expected?: string, domain: "a" | "b" = "b"): Promise<Model> {
	if (!hasCheckpoint(folder)) {
		throw new Error(`${folder}: must hold a checkpoint of fovea train or fovea import, got none`);
	}
	const path = checkpointFile(folder);
	const header = await readHeader(folder);
	if (expected !== undefined && expected !== header.system) {
		throw new RangeError(`${path}: must be of ${expected}, got ${header.system}`);
	}
	const system = await findSystem(header.system, path);
	if (system.build === undefined)
		throw new RangeError(`${path}: must be of a system that can be built, got ${system.id}`);
	const stored = ofClass(await readSafetensors(path), system, domain);
	const options = { ...system.options, ...(header.options ?? optionsOf(system, stored, path)) };
	const gan = system.build(options);
	try {
		const absent = fill(gan, stored, path);
		const dependentOnAbsent: Model["dependentOnAbsent"] = (run) => {
			if (absent.length === 0) return new Set();
			const [one, other] = [1, 0].map((value) => {
				for (const network of absent) set(gan.networks[network] as Parameters, value);
				return new Map(Object.entries(run()).map(([name, values]) => [name, bytesOf(values)]));
			}) as [Map<string, Buffer>, Map<string, Buffer>];
			return new Set([...one].filter(([name, bytes]) => other.get(name)?.equals(bytes) !== true).map(([name]) => name));
		};
		return {
			...{ system, options, gan, attributes: header.attributes, absent, path, hasCheckpoint: true, dependentOnAbsent },
			[Symbol.dispose]: () => gan[Symbol.dispose](),
		};
	} catch (error) {
		gan[Symbol.dispose]();
		throw error;
	}
}

/** The system `id` without a checkpoint. Throws where it has networks, whose values only a checkpoint says. */
export async function openUntrained(id: string, options: Options = {}): Promise<Model> {
	const system = await findSystem(id, "generate");
	if (system.apply === undefined) {
		throw new RangeError(`--checkpoint: must be a folder of fovea train or fovea import for ${id}, got none`);
	}
	return {
		...{ system, options: { ...system.options, ...options }, gan: { id, apply: system.apply(options) } },
		...{ attributes: undefined, absent: [], path: id, hasCheckpoint: false, dependentOnAbsent: () => new Set() },
		[Symbol.dispose]: () => undefined,
	};
}

/** The tensors of one class alone where a checkpoint has the networks of two, named `a.…` and `b.…`; else all as they are. */
function ofClass(stored: SafeTensors, system: System, domain: "a" | "b"): SafeTensors {
	const known = Object.keys(system.networks());
	const names = [...stored.tensors.keys()];
	const isPair = known.some((network) => names.some((name) => name.startsWith(`a.${network}.`)));
	if (!isPair) return stored;
	const own = new RegExp(`^((?:optimizer|memory)/)?${domain}\\.`);
	const entries = [...stored.tensors].filter(([name]) => own.test(name));
	return { ...stored, tensors: new Map(entries.map(([name, tensor]) => [name.replace(own, "$1"), tensor])) };
}

/** Checkpoints of before options were kept say them by their shapes. */
function optionsOf(system: System, { tensors }: SafeTensors, path: string): Options {
	const weights = new Map(
		[...tensors]
			.filter(([name]) => !/^(optimizer|memory)\//.test(name))
			.map(([name, { shape, values }]) => [name, { shape, read: () => ({ shape, data: Float32Array.from(values) }) }]),
	);
	const places = Object.keys(system.networks()).map((network) => ({ network, prefix: `${network}.` }));
	const { options, cost, fits } = searchOptions(system, weights, places, {});
	if (cost < 1) return options;
	const worst = fits.find((each) => each.missing.length + each.extra.length + each.wrong.length > 0);
	throw new RangeError(
		`${path}: must have the tensors of ${system.id} at some options, got others in ${worst?.network ?? "its networks"}`,
	);
}

/** Gives the networks, and what else the system remembers, their values; returns the networks of which there are none. */
function fill(gan: Gan<object>, { tensors }: SafeTensors, path: string): string[] {
	const absent: string[] = [];
	for (const [network, parameters] of Object.entries(gan.networks)) {
		const names = parameters.entries().map(({ name }) => name);
		if (names.length > 0 && names.every((name) => !tensors.has(`${network}.${name}`))) {
			absent.push(network);
			set(parameters, 0);
			continue;
		}
		for (const name of names) {
			const tensor = tensors.get(`${network}.${name}`);
			if (tensor === undefined) throw new RangeError(`${path}: must hold ${network}.${name}, got no such tensor`);
			parameters.write(name, { shape: tensor.shape, data: Float32Array.from(tensor.values) });
		}
	}
	for (const [name, memory] of Object.entries(gan.memories ?? {})) {
		const tensor = tensors.get(`memory/${name}`);
		memory.write(tensor && { shape: tensor.shape, data: Float32Array.from(tensor.values) });
	}
	return absent;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
	return Buffer.from(Buffer.from(buffer, byteOffset, byteLength));
}

function set(parameters: Parameters, value: number): void {
	for (const { name } of parameters.entries()) {
		const { shape, data } = parameters.read(name);
		parameters.write(name, { shape, data: new Float32Array(data.length).fill(value) });
	}
}
