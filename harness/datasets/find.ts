/** Opens the data set that a `--data` option names: labelled pictures, two unpaired sets, or pictures in two resolutions. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { didYouMean } from "../suggest.ts";
import { brains } from "./brains.ts";
import { brats } from "./brats.ts";
import { agaGanAttributes, celeba } from "./celeba.ts";
import { classFolders } from "./class-folders.ts";
import type { Dataset } from "./dataset.ts";
import { faceAttributes, faces } from "./faces.ts";
import { guidedFaces } from "./guided-faces.ts";
import { horses } from "./horses.ts";
import { lowered, type ResolutionDataset } from "./resolution.ts";
import { superResolution } from "./super-resolution.ts";
import { byAttribute, type UnpairedDataset } from "./unpaired.ts";
import { unpairedFolders } from "./unpaired-folders.ts";

/** What a preset wants where the spec does not say. */
export interface FindDefaults {
	/** Height and width, pixels. */
	readonly size?: number;
	readonly attributes?: readonly string[];
	readonly seed?: number;
	/** Pictures to draw for training, where they are drawn. */
	readonly train?: number;
	/** Pictures of the test split, where the set lets choose. */
	readonly test?: number;
	/** One, three or four, where the set lets choose. */
	readonly channels?: 1 | 3 | 4;
	/** What the label of two folders is called. @default the name of the folder of those that have it */
	readonly label?: string;
	/** Share of the training slices of BraTS. */
	readonly fraction?: number;
	/** Side to which unpaired pictures are resized before a random part is cut out for training, pixels. */
	readonly loadSize?: number;
	/** How many times larger the high resolution is. */
	readonly scale?: number;
	/** How CelebA is split. @default "stargan" */
	readonly split?: "stargan" | "aga-gan";
	/** Folder of data sets. @default the environment's FOVEA_DATA */
	readonly folder?: string | undefined;
}

const drawn = ["size", "seed", "train", "test"] as const;
const labelledKeys: Readonly<Record<string, readonly string[]>> = {
	faces: [...drawn, "attributes"],
	celeba: ["size", "crop", "test", "attributes"],
	brains: [...drawn, "channels"],
	brats: ["size", "seed", "fraction", "modalities"],
	classes: ["size", "seed", "channels", "no", "yes"],
};
const unpairedKeys: Readonly<Record<string, readonly string[]>> = {
	horses: drawn,
	unpaired: ["size", "loadSize", "channels"],
};
const resolutionKeys: Readonly<Record<string, readonly string[]>> = {
	photographs: ["scale"],
	"super-resolution": ["scale", "seed", "train", "validation", "test"],
};

/** Names of the labelled sets that `openDataset` knows. */
export const datasetNames: readonly string[] = Object.keys(labelledKeys);

/**
 * Opens a set of labelled pictures. `faces`, `faces:size=32,train=500` · `celeba` (in FOVEA_DATA/celeba), `celeba:/path`,
 * `celeba:/path,size=64,test=300,attributes=Male+Young` · `brains` · `brats:/path,modalities=0+2+3,fraction=0.125` ·
 * `classes:no=/path/no,yes=/path/yes`, or `classes:/path` with two such folders in it.
 */
export async function openDataset(spec: string, defaults: FindDefaults = {}): Promise<Dataset> {
	const { name, path, text, number, defined } = parse(spec, labelledKeys);
	const size = number("size", defaults.size);
	const seed = number("seed", defaults.seed);
	const test = number("test", defaults.test);
	const count = defined({ train: number("train", defaults.train), test });
	const attributes = text("attributes")?.split("+") ?? defaults.attributes;
	if (name === "faces" || name === "brains") {
		if (path !== undefined) throw new Error(`--data: ${name} are drawn and take no folder, got ${path}`);
		if (name === "faces") return faces({ ...defined({ size, seed, attributes }), count });
		return brains({ ...defined({ size, seed, channels: channelsOf(number("channels", defaults.channels)) }), count });
	}
	if (name === "classes") {
		const { no: negative, yes: positive } =
			path === undefined ? { no: text("no"), yes: text("yes") } : await twoClasses(path);
		if (negative === undefined || positive === undefined) {
			throw new Error(`--data: classes must be given as classes:no=/path,yes=/path, got ${spec}`);
		}
		const channels = number("channels", defaults.channels) === 1 ? 1 : 3;
		return classFolders({ negative, positive, channels, ...defined({ size, seed, attribute: defaults.label }) });
	}
	if (name === "celeba") {
		const root = path ?? (await inFolder(defaults, "celeba"));
		const { split, train: trainCount } = defaults;
		const chosen = split === "aga-gan" ? defined({ split, trainCount }) : {};
		return celeba({
			root,
			...chosen,
			...defined({ size, attributes, crop: number("crop", undefined), testCount: test }),
		});
	}
	const root = path ?? (await inFolder(defaults, "brats", "brats20_slices"));
	const modalities = text("modalities")?.split("+").map(Number) ?? chosenModalities(defaults.channels);
	const fraction = text("fraction") === undefined ? defaults.fraction : Number(text("fraction"));
	return brats({ root, ...defined({ size, seed, modalities, fraction }) });
}

/**
 * Opens two unpaired sets. `horses` (drawn) · `unpaired:/path/horse2zebra,loadSize=143,size=128` · `horse2zebra` or another
 * folder of FOVEA_DATA with trainA … testB · or a labelled set by one of its labels: `brats@Tumour`, `faces@Eyeglasses:size=32`.
 */
export async function openUnpaired(spec: string, defaults: FindDefaults = {}): Promise<UnpairedDataset> {
	const labelled = /^([^:@]+)@([^:]+)(:.*)?$/.exec(spec);
	if (labelled !== null) {
		const [, name = "", attribute = "", rest = ""] = labelled;
		const wanted = name === "faces" || name === "celeba" ? { ...defaults, attributes: [attribute] } : defaults;
		return byAttribute(await openDataset(`${name}${rest}`, wanted), attribute);
	}
	const start = /^[^:]*/.exec(spec)?.[0] ?? "";
	const folder = await unpairedFolder(start, defaults);
	const { name, path, number, defined } = parse(
		folder === undefined ? spec : `unpaired${spec.slice(start.length)}`,
		unpairedKeys,
	);
	const size = number("size", defaults.size);
	if (name === "horses") {
		if (path !== undefined) throw new Error(`--data: horses are drawn and take no folder, got ${path}`);
		const count = defined({ train: number("train", defaults.train), test: number("test", defaults.test) });
		return horses({ ...defined({ size, seed: number("seed", defaults.seed) }), count });
	}
	const root = folder ?? path;
	if (root === undefined) throw new Error("--data: unpaired must be given as unpaired:/path, got no path");
	const channels = number("channels", defaults.channels) === 1 ? 1 : 3;
	return unpairedFolders({ root, channels, ...defined({ size, loadSize: number("loadSize", defaults.loadSize) }) });
}

/**
 * Opens pictures in two resolutions. `photographs` (embedded) · `super-resolution:train=/path/DIV2K_train_HR,test=/path/Set5`
 * · `super-resolution:/path` (a tenth of its pictures to test on) · `super-resolution` (FOVEA_DATA/t91 and set5) · or a labelled set made small: `faces/8`, `celeba/8:size=128`.
 */
export async function openResolution(spec: string, defaults: FindDefaults = {}): Promise<ResolutionDataset> {
	const labelled = /^([^:/]+)\/(\d+)(:.*)?$/.exec(spec);
	if (labelled !== null) {
		const [, name = "", times = "", rest = ""] = labelled;
		return lowered(await openDataset(`${name}${rest}`, defaults), Number(times));
	}
	const { name, path, text, number, defined } = parse(spec, resolutionKeys);
	const scale = number("scale", defaults.scale) ?? 4;
	if (scale !== 2 && scale !== 3 && scale !== 4 && scale !== 8) {
		throw new Error(`--data: scale must be 2, 3, 4 or 8, got ${scale}`);
	}
	if (name === "photographs") {
		if (path !== undefined) throw new Error(`--data: photographs are embedded and take no folder, got ${path}`);
		const root = fileURLToPath(new URL("../../../fixtures/photographs/", import.meta.url));
		return superResolution({ folders: { train: join(root, "train"), test: join(root, "test") }, scale });
	}
	const given = defined({ train: text("train"), validation: text("validation"), test: text("test") });
	if (path !== undefined && Object.keys(given).length > 0) {
		throw new Error(`--data: ${name} must be one folder, or folders as train=/path,test=/path, got both`);
	}
	const seed = number("seed", defaults.seed);
	if (path !== undefined) return superResolution({ folders: path, scale, ...defined({ seed }) });
	if (Object.keys(given).length > 0) return superResolution({ folders: given, scale });
	const [train, test] = await Promise.all([inFolder(defaults, "t91"), inFolder(defaults, "set5")]);
	return superResolution({ folders: { train, test }, scale });
}

/**
 * Opens faces with AGA-GAN's attribute vector, in two resolutions (see guided-faces.ts): `faces`, `celeba`, `celeba:/path`.
 * Drawn faces are drawn twice as large as they are shown, so that the resize has something to do.
 */
export async function openGuidedFaces(
	spec: string,
	{ lowSize, scale, ...defaults }: FindDefaults & { readonly lowSize: number; readonly scale: number },
): Promise<ResolutionDataset> {
	const name = /^[^:]*/.exec(spec)?.[0] ?? "";
	const kinds: Readonly<Record<string, FindDefaults>> = {
		faces: {
			size: Math.min(512, 2 * lowSize * scale),
			attributes: faceAttributes.filter((attribute) => agaGanAttributes.includes(attribute)),
		},
		celeba: { size: 178, attributes: agaGanAttributes, split: "aga-gan" },
	};
	const own = kinds[name];
	const names = Object.keys(kinds);
	if (own === undefined) throw new Error(`--data: must be one of ${names.join(", ")}, got ${didYouMean(name, names)}`);
	return guidedFaces(await openDataset(spec, { ...defaults, ...own }), { lowSize, scale });
}

/** The two class folders in a folder, where their names tell which is which. */
async function twoClasses(root: string): Promise<{ readonly no: string; readonly yes: string }> {
	const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
	const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
	const negative = names.filter((name) => /^(0|no|not?[ _-].*|none|normal|healthy|negative|without.*)$/i.test(name));
	const positive = names.filter((name) => !negative.includes(name));
	const [no, yes] = [negative[0], positive[0]];
	if (no === undefined || yes === undefined || names.length !== 2) {
		throw new Error(
			`--data: ${root} must hold two folders, one of them called no, normal or the like, or be given as classes:no=/path,yes=/path; got ${names.join(", ") || "none"}`,
		);
	}
	return { no: join(root, no), yes: join(root, yes) };
}

/** `FOVEA_DATA/name`, under the first of the names that is there. */
async function inFolder(defaults: FindDefaults, ...names: readonly string[]): Promise<string> {
	const folder = "folder" in defaults ? defaults.folder : process.env["FOVEA_DATA"];
	const [name = ""] = names;
	if (folder === undefined || folder === "") {
		throw new Error(
			`--data: ${name} must be in the folder that FOVEA_DATA names, or be given as ${name}:/path; got no FOVEA_DATA`,
		);
	}
	for (const one of names) if (await isFolder(join(folder, one))) return join(folder, one);
	throw new Error(
		`--data: ${name} must be in FOVEA_DATA or be given as ${name}:/path, got no folder ${join(folder, name)}`,
	);
}

/** The folder of FOVEA_DATA that the name of an unpaired spec means, where there is one with trainA in it. */
async function unpairedFolder(name: string, defaults: FindDefaults): Promise<string | undefined> {
	const folder = "folder" in defaults ? defaults.folder : process.env["FOVEA_DATA"];
	if (folder === undefined || folder === "" || name in unpairedKeys || !/^[\w.-]+$/.test(name)) return undefined;
	return (await isFolder(join(folder, name, "trainA"))) ? join(folder, name) : undefined;
}

async function isFolder(path: string): Promise<boolean> {
	return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

function chosenModalities(channels: number | undefined): readonly number[] | undefined {
	if (channels === 3) return [0, 2, 3];
	return channels === 4 ? [0, 1, 2, 3] : undefined;
}

function channelsOf(count: number | undefined): 1 | 3 | 4 | undefined {
	if (count === undefined || count === 1 || count === 3 || count === 4) return count;
	throw new Error(`--data: channels must be 1, 3 or 4, got ${count}`);
}

interface Spec {
	readonly name: string;
	/** The part that is a folder. */
	readonly path: string | undefined;
	text(key: string): string | undefined;
	number(key: string, otherwise: number | undefined): number | undefined;
	/** The fields that have a value. */
	defined<Fields extends object>(fields: Fields): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> };
}

/** `NAME:part,part`: parts are `key=value`, and at most one is a path. */
function parse(spec: string, kinds: Readonly<Record<string, readonly string[]>>): Spec {
	const colon = spec.indexOf(":");
	const name = colon < 0 ? spec : spec.slice(0, colon);
	const known = kinds[name];
	const names = Object.keys(kinds);
	if (known === undefined && /[\\/]/.test(spec)) {
		throw new Error(
			`--data: must say what the folder is, as NAME:PATH with a NAME of ${names.join(", ")}, got ${spec}`,
		);
	}
	if (known === undefined)
		throw new Error(`--data: must be one of ${names.join(", ")}, got ${didYouMean(name, names)}`);
	const values = new Map<string, string>();
	let path: string | undefined;
	for (const part of (colon < 0 ? "" : spec.slice(colon + 1)).split(",").filter((piece) => piece !== "")) {
		const equals = part.indexOf("=");
		const key = part.slice(0, equals);
		if (equals < 0 || key.includes("/")) {
			if (path !== undefined) throw new Error(`--data: must have one folder, got ${path} and ${part}`);
			path = part;
			continue;
		}
		if (!known.includes(key)) {
			throw new Error(`--data: ${name} must have options of ${known.join(", ")}, got ${didYouMean(key, known)}`);
		}
		values.set(key, part.slice(equals + 1));
	}
	return {
		name,
		path,
		text: (key) => values.get(key),
		number(key, otherwise) {
			const text = values.get(key);
			if (text === undefined) return otherwise;
			if (!/^\d+$/.test(text)) throw new Error(`--data: ${key} must be a whole number, got ${text}`);
			return Number(text);
		},
		defined(fields) {
			const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
			return Object.fromEntries(kept) as ReturnType<Spec["defined"]>;
		},
	};
}
