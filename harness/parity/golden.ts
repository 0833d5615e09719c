/** A file of reference numbers made with a system's own PyTorch or TensorFlow code, as read from disk. */
import { basename, dirname } from "node:path";
import * as tf from "@tensorflow/tfjs";
import type { Parameters, TorchArray } from "../../engine/parameters.ts";
import { readSafetensors, type SafeTensors } from "../safetensors.ts";
import { fromChannelLast } from "./nhwc.ts";

/** Says why a golden file cannot be run; it is then listed as unsupported, not as failed. */
export class UnsupportedError extends Error {
	override name = "UnsupportedError";
}

export interface Golden {
	readonly file: string;
	/** Folder name. */
	readonly system: string;
	/** File name without its ending. */
	readonly part: string;
	readonly config: Config;
	/** Shapes of the weights that are made by formula, by name; `NET/NAME` where a file holds several networks. */
	readonly shapes: ReadonlyMap<string, readonly number[]>;
	/** Every tensor by name, in PyTorch's layout; channel-last files are brought to it. */
	readonly tensors: ReadonlyMap<string, TorchArray>;
	/** Quantities that rounding decides. */
	readonly noise: ReadonlySet<string>;
	/** Largest deviation from the same run in float64; for trained weights also relative to their whole change. */
	readonly float64: ReadonlyMap<string, { readonly absolute: number; readonly relative: number }>;
}

export async function readGolden(file: string): Promise<Golden> {
	const stored = await readSafetensors(file);
	const parse = (key: string, fallback: unknown): unknown => parseMetadata(stored, key, fallback, file);
	const checks = objectOf(parse("float64_check", {}), "float64_check", file) as Record<string, readonly number[]>;
	const tensors = new Map(
		[...stored.tensors].map(([name, { shape, values }]) => [name, { shape, data: Float32Array.from(values) }]),
	);
	return {
		file,
		system: basename(dirname(file)),
		part: basename(file, ".safetensors"),
		shapes: shapesOf(parse("names", {}) as Record<string, number[] | Record<string, number[]>>),
		config: new Config(objectOf(parse("config", {}), "config", file)),
		tensors: stored.metadata["layout"]?.startsWith("NHWC") ? fromChannelLast(tensors) : tensors,
		noise: new Set(parse("noise_keys", []) as string[]),
		float64: new Map(
			Object.entries(checks).map(([name, check]) => [name, { absolute: check[1] ?? 0, relative: check[2] ?? 0 }]),
		),
	};
}

function shapesOf(names: Readonly<Record<string, number[] | Record<string, number[]>>>): Map<string, number[]> {
	return new Map(
		Object.entries(names).flatMap(([name, entry]) =>
			Array.isArray(entry)
				? [[name, entry] as const]
				: Object.entries(entry).map(([inner, shape]) => [`${name}/${inner}`, shape] as const),
		),
	);
}

function objectOf(value: unknown, key: string, file: string): Record<string, unknown> {
	if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
	throw new RangeError(`${file}: metadata ${key} must be a JSON object, got ${JSON.stringify(value)}`);
}

function parseMetadata(stored: SafeTensors, key: string, fallback: unknown, file: string): unknown {
	const text = stored.metadata[key];
	if (text === undefined) return fallback;
	try {
		return JSON.parse(text);
	} catch (cause) {
		throw new RangeError(`${file}: metadata ${key} must be JSON, got ${text.slice(0, 60)}`, { cause });
	}
}

/** What the tensors of a file show by themselves, and how its weights were drawn. */
const told: ReadonlySet<string> = new Set([
	...["seed", "batch", "size", "height", "width", "h", "w", "c", "n", "hr_size", "shape", "dense_units", "alphas"],
	...["init_scale", "attention_head_scale", "mask_head_scale", "d_weight_scale", "d_offset", "sn_warm", "shift_std"],
]);

/** Settings of a golden file; a missing one makes the file unsupported unless a default is given. */
export class Config {
	readonly #values: Readonly<Record<string, unknown>>;
	readonly #read = new Set<string>();

	constructor(values: Readonly<Record<string, unknown>>) {
		this.#values = values;
	}

	has(key: string): boolean {
		return key in this.#values;
	}

	/** Settings that no builder has asked for, without those that say only how the file was made. */
	unread(): string[] {
		return Object.keys(this.#values).filter((key) => !this.#read.has(key) && !told.has(key));
	}

	#get(key: string): unknown {
		this.#read.add(key);
		return this.#values[key];
	}

	number(key: string, fallback?: number): number {
		const value = this.#get(key) ?? fallback;
		if (typeof value !== "number") throw new UnsupportedError(`config.${key} must be a number, got ${value}`);
		return value;
	}

	/** A whole number from 0 on: a width, a size, how many there are. */
	count(key: string, fallback?: number): number {
		const value = this.number(key, fallback);
		if (!Number.isInteger(value) || value < 0) {
			throw new UnsupportedError(`config.${key} must be a whole number from 0 on, got ${value}`);
		}
		return value;
	}

	flag(key: string, fallback?: boolean): boolean {
		const value = this.#get(key) ?? fallback;
		if (typeof value !== "boolean") throw new UnsupportedError(`config.${key} must be true or false, got ${value}`);
		return value;
	}

	/** One of `choices`. */
	choice<T extends string>(key: string, choices: readonly T[], fallback?: T): T {
		const value = this.#get(key) ?? fallback;
		const known = choices.find((choice) => choice === value);
		if (known === undefined) throw new UnsupportedError(`config.${key} must be ${choices.join(" or ")}, got ${value}`);
		return known;
	}

	/** A list of numbers. */
	numbers(key: string): readonly number[] {
		const value = this.#get(key);
		if (!Array.isArray(value) || value.some((entry) => typeof entry !== "number")) {
			throw new UnsupportedError(`config.${key} must be a list of numbers, got ${JSON.stringify(value)}`);
		}
		return value;
	}
}

/** A stored array as our tensor: four axes are taken as N, C, H, W and become N, H, W, C; the rest stays. */
export function toTensor(array: TorchArray): tf.Tensor {
	return tf.tidy(() => {
		const tensor = tf.tensor(array.data, [...array.shape], "float32");
		return array.shape.length === 4 ? tf.transpose(tensor, [0, 2, 3, 1]) : tensor;
	});
}

/** The other way round. */
export function toTorch(tensor: tf.Tensor): TorchArray {
	return tf.tidy(() => {
		const torch = tensor.rank === 4 ? tf.transpose(tensor, [0, 3, 1, 2]) : tensor;
		return { shape: torch.shape, data: Float32Array.from(torch.dataSync()) };
	});
}

/** The tensor `name` of a golden file. */
export function stored(golden: Golden, name: string): TorchArray {
	const array = golden.tensors.get(name);
	if (array === undefined) throw new UnsupportedError(`file must hold ${name}, got none`);
	return array;
}

/** Channels of the stored pictures `name`. */
export function channelsOf(golden: Golden, name: string): number {
	return stored(golden, name).shape[1] as number;
}

/** Tensors whose names start with `prefix`, by the rest of their names. */
export function storedUnder(golden: Golden, prefix: string): Map<string, TorchArray> {
	const found = [...golden.tensors].filter(([name]) => name.startsWith(prefix));
	return new Map(found.map(([name, array]) => [name.slice(prefix.length), array]));
}

/** Writes every stored weight into the network; throws with the list of differences where names differ. */
export function loadWeights(parameters: Parameters, weights: ReadonlyMap<string, TorchArray>): void {
	const ours = new Set(parameters.entries().map(({ name }) => name));
	const missing = [...ours].filter((name) => !weights.has(name));
	const extra = [...weights.keys()].filter((name) => !ours.has(name));
	if (missing.length + extra.length > 0) {
		throw new Error(
			`weights: names must agree; missing in the file: ${list(missing)}; not in the network: ${list(extra)}`,
		);
	}
	for (const [name, array] of weights) parameters.write(name, array);
}

function list(names: readonly string[]): string {
	return names.length === 0 ? "none" : `${names.slice(0, 8).join(", ")}${names.length > 8 ? ", …" : ""}`;
}
