/** Opens the data set that a `--data` option names. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { didYouMean } from "../suggest.ts";
import { celeba } from "./celeba.ts";
import type { Dataset } from "./dataset.ts";
import { faces } from "./faces.ts";

/** What a preset wants where the spec does not say. */
export interface FindDefaults {
	/** Height and width, pixels. */
	readonly size?: number;
	readonly attributes?: readonly string[];
	readonly seed?: number;
	/** Faces to draw for training. */
	readonly train?: number;
	/** Pictures of the test split. */
	readonly test?: number;
	/** Folder of data sets. @default the environment's FOVEA_DATA */
	readonly folder?: string | undefined;
}

const keys = {
	faces: ["size", "seed", "train", "test", "attributes"],
	celeba: ["size", "crop", "test", "attributes"],
} as const;

/** Names that `openDataset` knows. */
export const datasetNames = Object.keys(keys) as (keyof typeof keys)[];

/**
 * Opens a set of labelled pictures from a spec: `faces`, `faces:size=32,train=500`, `celeba` (in FOVEA_DATA/celeba),
 * `celeba:/path/to/celeba`, `celeba:/path,size=64,test=300,attributes=Male+Young`.
 */
export async function openDataset(spec: string, defaults: FindDefaults = {}): Promise<Dataset> {
	const colon = spec.indexOf(":");
	const given = colon < 0 ? spec : spec.slice(0, colon);
	const name = datasetNames.find((known) => known === given);
	if (name === undefined) {
		throw new Error(`--data: must be one of ${datasetNames.join(", ")}, got ${didYouMean(given, datasetNames)}`);
	}
	const { path, options } = parse(colon < 0 ? "" : spec.slice(colon + 1), keys[name]);
	const number = (key: string, otherwise: number | undefined) => {
		const text = options.get(key);
		if (text === undefined) return otherwise;
		if (!/^\d+$/.test(text)) throw new Error(`--data: ${key} must be a whole number, got ${text}`);
		return Number(text);
	};
	const size = number("size", defaults.size);
	const test = number("test", defaults.test);
	const attributes = options.get("attributes")?.split("+") ?? defaults.attributes;
	const common = { ...(size === undefined ? {} : { size }), ...(attributes === undefined ? {} : { attributes }) };
	if (name === "faces") {
		if (path !== undefined) throw new Error(`--data: faces are drawn and take no folder, got ${path}`);
		const seed = number("seed", defaults.seed);
		const train = number("train", defaults.train);
		const count = { ...(train === undefined ? {} : { train }), ...(test === undefined ? {} : { test }) };
		return faces({ ...common, count, ...(seed === undefined ? {} : { seed }) });
	}
	const folder = "folder" in defaults ? defaults.folder : process.env["FOVEA_DATA"];
	const crop = number("crop", undefined);
	return celeba({
		...common,
		root: path ?? (await inFolder(folder, name)),
		...(crop === undefined ? {} : { crop }),
		...(test === undefined ? {} : { testCount: test }),
	});
}

/** `FOVEA_DATA/name`, if there is one. */
export async function inFolder(folder: string | undefined, name: string): Promise<string> {
	if (folder === undefined || folder === "") {
		throw new Error(
			`--data: ${name} must be in the folder that FOVEA_DATA names, or be given as ${name}:/path; got no FOVEA_DATA`,
		);
	}
	const path = join(folder, name);
	const found = await stat(path).catch(() => undefined);
	if (found?.isDirectory() === true) return path;
	throw new Error(`--data: ${name} must be in FOVEA_DATA or be given as ${name}:/path, got no folder ${path}`);
}

/** Parts between commas: `key=value`, and at most one that is a path. */
function parse(text: string, known: readonly string[]): { path: string | undefined; options: Map<string, string> } {
	const options = new Map<string, string>();
	let path: string | undefined;
	for (const part of text.split(",").filter((piece) => piece !== "")) {
		const equals = part.indexOf("=");
		if (equals < 0 || part.slice(0, equals).includes("/")) {
			if (path !== undefined) throw new Error(`--data: must have one folder, got ${path} and ${part}`);
			path = part;
			continue;
		}
		const key = part.slice(0, equals);
		if (!known.includes(key)) {
			throw new Error(`--data: must have options of ${known.join(", ")}, got ${didYouMean(key, known)}`);
		}
		options.set(key, part.slice(equals + 1));
	}
	return { path, options };
}
