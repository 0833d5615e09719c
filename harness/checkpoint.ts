/**
 * Checkpoints: one file that holds every parameter, buffer, optimiser moment and pool of a training, written whole
 * or not at all. A training resumed from it goes on as if it had never stopped, to the bit.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Parameters, type TorchArray } from "../engine/parameters.ts";
import { Random } from "../engine/random.ts";
import type { Gan } from "../models/paper.ts";
import type { Options } from "../models/system.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const schema = "fovea-checkpoint/1";

export interface CheckpointHeader {
	readonly system: string;
	/** Iterations done. */
	readonly step: number;
	readonly seed: number;
	/** Options that decide the result. */
	readonly settings: Readonly<Record<string, string | number | boolean>>;
	/** Options of the system's card with which its networks are built; absent in checkpoints of before they were kept. */
	readonly options?: Options | undefined;
	/** Names of a conditional system's labels, in order. */
	readonly attributes?: readonly string[] | undefined;
}

/** The checkpoint's file in a training's folder. */
export function checkpointFile(folder: string): string {
	return join(folder, "checkpoint.safetensors");
}

/** True where the folder holds a checkpoint. */
export function hasCheckpoint(folder: string): boolean {
	return existsSync(checkpointFile(folder));
}

/**
 * Writes a checkpoint: networks under `<network>.<name>` in PyTorch's layout, optimisers under `optimizer/<name>/…`,
 * what else the system remembers under `memory/<name>`.
 */
export async function saveCheckpoint(folder: string, gan: Gan<never>, header: CheckpointHeader): Promise<string> {
	const tensors: Record<string, TorchArray> = {};
	const put = (name: string, shape: readonly number[], data: Float32Array) => {
		tensors[name] = { shape, data };
	};
	for (const [network, parameters] of Object.entries(gan.networks)) {
		for (const { name } of parameters.entries()) {
			const { shape, data } = parameters.read(name);
			put(`${network}.${name}`, shape, data);
		}
	}
	const steps: Record<string, Record<string, number>> = {};
	for (const [name, optimizer] of Object.entries(gan.optimizers)) {
		steps[name] = {};
		for (const [parameter, moments] of Object.entries(optimizer.state().moments)) {
			steps[name][parameter] = moments.steps;
			put(`optimizer/${name}/first/${parameter}`, [moments.first.length], moments.first);
			put(`optimizer/${name}/second/${parameter}`, [moments.second.length], moments.second);
		}
	}
	for (const [name, memory] of Object.entries(gan.memories ?? {})) {
		const stored = memory.read();
		if (stored !== undefined) put(`memory/${name}`, stored.shape, stored.data);
	}
	return writeCheckpoint(folder, tensors, header, steps);
}

/** Writes tensors that are named as in a checkpoint; `optimizerSteps` by optimiser and parameter. Gives the file's path. */
export async function writeCheckpoint(
	folder: string,
	tensors: Readonly<Record<string, TorchArray>>,
	{ system, step, seed, settings, options, attributes }: CheckpointHeader,
	optimizerSteps: Readonly<Record<string, Readonly<Record<string, number>>>> = {},
	form: { readonly dtype?: "F32" | "F16" } = {},
): Promise<string> {
	const path = checkpointFile(folder);
	const metadata = {
		schema,
		system,
		step: String(step),
		seed: String(seed),
		settings: JSON.stringify(settings),
		optimizerSteps: JSON.stringify(optimizerSteps),
		...(options === undefined ? {} : { options: JSON.stringify(options) }),
		...(attributes === undefined ? {} : { attributes: JSON.stringify(attributes) }),
	};
	await writeSafetensors(path, tensors, metadata, form);
	return path;
}

/** Reads what a checkpoint is of, without its tensors being used. Throws, naming the file, when it is not one. */
export async function readHeader(folder: string): Promise<CheckpointHeader> {
	return header(checkpointFile(folder), (await readSafetensors(checkpointFile(folder))).metadata);
}

/** Restores a training from its folder; returns the iterations done. Throws when the checkpoint is of another system or of other settings. */
export async function loadCheckpoint(
	folder: string,
	gan: Gan<never>,
	expected?: CheckpointHeader,
): Promise<CheckpointHeader> {
	const path = checkpointFile(folder);
	const { tensors, metadata } = await readSafetensors(path);
	const found = header(path, metadata);
	if (expected !== undefined) refuseOthers(path, found, expected);
	const take = (name: string) => {
		const tensor = tensors.get(name);
		if (tensor === undefined) throw new RangeError(`${path}: must hold ${name}, got no such tensor`);
		return { shape: tensor.shape, data: Float32Array.from(tensor.values) };
	};
	for (const [network, parameters] of Object.entries(gan.networks)) {
		for (const { name } of parameters.entries()) parameters.write(name, take(`${network}.${name}`));
	}
	const steps = JSON.parse(metadata["optimizerSteps"] ?? "{}") as Record<string, Record<string, number>>;
	for (const [name, optimizer] of Object.entries(gan.optimizers)) {
		const moments = Object.entries(steps[name] ?? {}).map(([parameter, count]) => {
			const first = take(`optimizer/${name}/first/${parameter}`).data;
			return [parameter, { steps: count, first, second: take(`optimizer/${name}/second/${parameter}`).data }] as const;
		});
		optimizer.restore({ rate: optimizer.rate, moments: Object.fromEntries(moments) });
	}
	for (const [name, memory] of Object.entries(gan.memories ?? {})) {
		memory.write(tensors.has(`memory/${name}`) ? take(`memory/${name}`) : undefined);
	}
	return found;
}

/**
 * Gives a system the networks that a checkpoint of it holds, of a training or imported, and leaves the others as they are; gives
 * their names. Throws where none is there, or one is of other options.
 */
export async function loadNetworks(folder: string, gan: Gan<never>): Promise<string[]> {
	const path = checkpointFile(folder);
	const { tensors, metadata } = await readSafetensors(path);
	const { system } = header(path, metadata);
	if (system !== gan.id) throw new RangeError(`${path}: must be of ${gan.id}, got ${system}`);
	const loaded: string[] = [];
	for (const [network, parameters] of Object.entries(gan.networks)) {
		const names = parameters.entries().map(({ name }) => name);
		if (!names.some((name) => tensors.has(`${network}.${name}`))) continue;
		for (const name of names) {
			const tensor = tensors.get(`${network}.${name}`);
			if (tensor === undefined) throw new RangeError(`${path}: must hold ${network}.${name}, got no such tensor`);
			try {
				parameters.write(name, { shape: tensor.shape, data: Float32Array.from(tensor.values) });
			} catch (cause) {
				const options = metadata["options"] ?? "others";
				throw new RangeError(`${path}: ${network}.${(cause as Error).message}; its options are ${options}`, { cause });
			}
		}
		loaded.push(network);
	}
	if (loaded.length === 0) throw new RangeError(`${path}: must hold networks of ${gan.id}, got none`);
	return loaded;
}

/** Builds one network and gives it the checkpoint's values; the caller disposes it. */
export async function readNetwork(
	folder: string,
	network: string,
	build: (parameters: Parameters) => unknown,
): Promise<Parameters> {
	const path = checkpointFile(folder);
	const { tensors } = await readSafetensors(path);
	const parameters = new Parameters(Random.seed(0));
	build(parameters);
	for (const { name } of parameters.entries()) {
		const tensor = tensors.get(`${network}.${name}`);
		if (tensor === undefined) throw new RangeError(`${path}: must hold ${network}.${name}, got no such tensor`);
		parameters.write(name, { shape: tensor.shape, data: Float32Array.from(tensor.values) });
	}
	return parameters;
}

function header(path: string, metadata: Readonly<Record<string, string>>): CheckpointHeader {
	if (metadata["schema"] !== schema) {
		throw new RangeError(`${path}: must be a ${schema} file, got schema ${metadata["schema"] ?? "none"}`);
	}
	return {
		system: metadata["system"] ?? "",
		step: Number(metadata["step"]),
		seed: Number(metadata["seed"]),
		settings: JSON.parse(metadata["settings"] ?? "{}"),
		...(metadata["options"] === undefined ? {} : { options: JSON.parse(metadata["options"]) }),
		...(metadata["attributes"] === undefined ? {} : { attributes: JSON.parse(metadata["attributes"]) }),
	};
}

function refuseOthers(path: string, found: CheckpointHeader, expected: CheckpointHeader): void {
	const differences = [
		...(found.system === expected.system ? [] : [`system ${found.system}, not ${expected.system}`]),
		...(found.seed === expected.seed ? [] : [`seed ${found.seed}, not ${expected.seed}`]),
		...[...new Set([...Object.keys(found.settings), ...Object.keys(expected.settings)])]
			.filter((name) => found.settings[name] !== expected.settings[name])
			.map((name) => `${name} ${found.settings[name]}, not ${expected.settings[name]}`),
	];
	if (differences.length > 0) {
		throw new RangeError(`${path}: must come from the same training to be resumed, got ${differences.join("; ")}`);
	}
}
