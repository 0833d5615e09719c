/** Labels of pictures from what a command is told: which attributes they have, and which they are to get. */
import { basename } from "node:path";
import { agaGanAttributes, starganAttributes } from "../datasets/celeba.ts";
import { readAttributes } from "../datasets/celeba-attributes.ts";
import { didYouMean } from "../suggest.ts";
import type { Model } from "./model.ts";

/** One result that is asked for: a target label and what it is called. */
export interface Edit {
	/** In file names: `Blond_Hair`, `Male=0`. */
	readonly name: string;
	readonly changes: readonly (readonly [index: number, value: number])[];
}

const hair = /_Hair$/;

/** `Blond_Hair`, `Male=0`, `Blond_Hair+Young=0`. Throws on a name that the system does not know. */
export function parseEdit(where: string, text: string, attributes: readonly string[]): Edit {
	const changes = text.split("+").map((part) => {
		const [, name = part, value = "1"] = /^(.*?)(?:=(-?\d+(?:\.\d+)?))?$/.exec(part.trim()) ?? [];
		const index = attributes.indexOf(name);
		if (index < 0) {
			throw new RangeError(
				`${where}: attribute must be one of ${attributes.join(", ")}, got ${didYouMean(name, attributes)}`,
			);
		}
		return [index, Number(value)] as const;
	});
	return { name: text.trim(), changes };
}

/** The source's label with the changes; a hair colour that is set clears the others, as StarGAN's test code has it. */
export function edited(source: Float32Array, { changes }: Edit, attributes: readonly string[]): Float32Array {
	const target = Float32Array.from(source);
	for (const [index, value] of changes) {
		if (value > 0 && hair.test(attributes[index] as string)) {
			for (const [other, name] of attributes.entries())
				if (hair.test(name)) target[other] = Math.min(0, target[other] as number);
		}
		target[index] = value;
	}
	return target;
}

/** What a command says of labels. */
export interface LabelOptions {
	/** Target attributes, one result for each: `Blond_Hair`, `Male=0`. */
	readonly edits?: readonly string[];
	/** Attributes that every picture has: `Male+Young`. */
	readonly source?: string | undefined;
	/** CelebA's attribute list, with the pictures' own labels. */
	readonly labels?: string | undefined;
	/** Names of the labels where the checkpoint says none. */
	readonly attributes?: readonly string[] | undefined;
}

export interface Labelling {
	/** What is asked of every picture; one that is undefined where no edit is. */
	readonly edits: readonly (Edit | undefined)[];
	of(picture: number, edit: Edit | undefined): Float32Array | undefined;
}

/** Labels of pictures for a system; throws where it needs to be told more, or takes none. */
export async function labelling(model: Model, request: LabelOptions, files: readonly string[]): Promise<Labelling> {
	const { system, options } = model;
	const wanted = options["cDim"] ?? options["attributes"];
	const { edits = [], source, labels } = request;
	if (typeof wanted !== "number") {
		const [name] =
			Object.entries({ "--edit": edits[0], "--source": source, "--labels": labels }).find(
				([, value]) => value !== undefined,
			) ?? [];
		if (name !== undefined)
			throw new RangeError(`${name}: system must take labels, got ${system.id}, which takes none`);
		return { edits: [undefined], of: () => undefined };
	}
	const attributes = request.attributes ?? model.attributes ?? usualNames(wanted);
	if (attributes.length !== wanted) {
		throw new RangeError(`--attributes: must name the ${wanted} labels of ${system.id}, got ${attributes.length}`);
	}
	const isGuided = options["cDim"] === undefined;
	if (edits.length === 0 && !isGuided) {
		throw new RangeError(
			`--edit: must say what to change, one of ${attributes.join(", ")} (NAME, NAME=0, NAME+NAME), got none`,
		);
	}
	const common = new Float32Array(wanted);
	for (const [index, value] of source === undefined ? [] : parseEdit("--source", source, attributes).changes)
		common[index] = value;
	const own = labels === undefined ? undefined : await labelsOf(labels, attributes, files, isGuided);
	const parsed = edits.map((text) => parseEdit("--edit", text, attributes));
	return {
		edits: parsed.length === 0 ? [undefined] : parsed,
		of(picture, edit) {
			const start = own?.[picture] ?? common;
			return edit === undefined ? start : edited(start, edit, attributes);
		},
	};
}

/** Rows of the pictures in CelebA's list: 0 and 1, or -1 and 1 where labels guide. */
async function labelsOf(
	path: string,
	attributes: readonly string[],
	files: readonly string[],
	isGuided: boolean,
): Promise<Float32Array[]> {
	const list = await readAttributes(path, attributes);
	const rows = new Map(list.files.map((name, row) => [name, row]));
	return files.map((file) => {
		const row = rows.get(basename(file));
		if (row === undefined) throw new RangeError(`${path}: must hold a row of ${basename(file)}, got none`);
		const values = list.values.subarray(row * attributes.length, (row + 1) * attributes.length);
		return Float32Array.from(values, (value) => (isGuided ? 2 * value - 1 : value));
	});
}

/** The names that the papers' sets give so many labels. */
function usualNames(count: number): readonly string[] {
	if (count === starganAttributes.length) return starganAttributes;
	if (count === agaGanAttributes.length) return agaGanAttributes;
	return Array.from({ length: count }, (_, index) => `label${index}`);
}
