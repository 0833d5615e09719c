/** Applies a trained or imported system to a folder of pictures, or lets it make pictures from noise, or say what they show. */
import { basename, extname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { Random } from "../../engine/random.ts";
import { MissingInputError } from "../../models/paper.ts";
import { writeAtomically } from "../files.ts";
import { type PixelArray, pictureFolder, readPicture } from "../pictures.ts";
import { resizeBytes } from "../resize.ts";
import { writeSheet } from "../sheet.ts";
import { type Applied, Applier, signedPicture } from "./apply.ts";
import { chancesOf, chanceTable, classNames, isPredicting, type Predicting } from "./classes.ts";
import { fillFolder } from "./folder.ts";
import { type LabelOptions, labelling } from "./labels.ts";
import type { Model } from "./model.ts";
import { tileOf, writeApplied, writePicture } from "./write.ts";

export interface GenerateOptions extends LabelOptions {
	/** Folder of pictures; none where the system starts from noise. */
	readonly input?: string | undefined;
	readonly out: string;
	readonly direction?: "a-to-b" | "b-to-a" | undefined;
	/** Pictures from noise. @default 16 */
	readonly count?: number | undefined;
	/** Of the noise. @default 0 */
	readonly seed?: number | undefined;
	/** Pictures are brought to this side first. @default their own size */
	readonly size?: number | undefined;
	readonly signal?: AbortSignal;
}

export interface Generated {
	readonly system: string;
	/** Results by the picture that they are of. */
	readonly pictures: readonly {
		readonly input: string;
		readonly edit?: string;
		/** Its picture, or the table that its chances are in. */
		readonly result: string;
		readonly maps: readonly string[];
		/** Chances by class, of classifiers. */
		readonly scores?: Readonly<Record<string, number>>;
	}[];
	readonly out: string;
}

export interface GenerateProgress {
	readonly done: number;
	readonly total: number;
	readonly text: string;
}

/** Writes `results/`, `masks/`, `overlays/` and `generated.json` into `out`, all or nothing; of classifiers `scores.csv`. */
export async function generate(
	model: Model,
	options: GenerateOptions,
	onProgress: (progress: GenerateProgress) => void = () => undefined,
): Promise<Generated> {
	return fillFolder(options.out, async (folder) => {
		const pictures =
			options.input === undefined
				? await fromNoise(model, options, folder)
				: await fromPictures(model, { ...options, input: options.input }, folder, onProgress);
		const checkpoint = model.hasCheckpoint ? { checkpoint: model.path } : {};
		const generated = { system: model.system.id, options: model.options, ...checkpoint, pictures };
		await writeAtomically(join(folder, "generated.json"), `${JSON.stringify(generated, null, "\t")}\n`);
		return { system: model.system.id, pictures, out: options.out };
	});
}

async function fromNoise(
	model: Model,
	{ count = 16, seed = 0 }: GenerateOptions,
	folder: string,
): Promise<Generated["pictures"]> {
	const { system, options, gan } = model;
	const length = Number(options["latentSize"] ?? options["zDim"] ?? Number.NaN);
	if (Number.isNaN(length)) {
		throw new RangeError(
			`generate: ${system.id} is applied to pictures, so --input must name a folder of them, got none`,
		);
	}
	const values = Random.seed(seed)
		.split("noise")
		.normals(count * length);
	const noise = tf.tensor2d(values, [count, length]);
	const applier = new Applier(gan);
	const picture = () => ({ picture: applier.generate({ noise })[0]?.data as Uint8Array });
	if (model.dependentOnAbsent(picture).size > 0) throw lacking(model);
	const made = applier.generate({ noise });
	noise.dispose();
	const names = made.map((_, index) => `sample-${String(index + 1).padStart(4, "0")}.png`);
	for (const [index, picture] of made.entries())
		await writePicture(join(folder, "results", names[index] as string), picture);
	await writeSheet(join(folder, "grid.png"), {
		title: `${system.id}, seed ${seed}`,
		columns: [],
		rows: chunks(made.map(tileOf), 8).map((tiles) => ({ label: "", tiles })),
	});
	return names.map((name) => ({ input: `seed ${seed}`, result: join("results", name), maps: [] }));
}

async function fromPictures(
	model: Model,
	request: GenerateOptions & { readonly input: string },
	folder: string,
	onProgress: (progress: GenerateProgress) => void,
): Promise<Generated["pictures"]> {
	const { gan, options } = model;
	if (request.count !== undefined) {
		throw new RangeError(`--count: goes with noise, without --input, got ${request.count} and ${request.input}`);
	}
	const files = await pictureFolder(request.input);
	if (isPredicting(gan)) return classified(model, gan, files, request, folder, onProgress);
	const applier = new Applier(gan);
	const names = namesOf(files);
	const channels = options["channels"] === 1 ? 1 : 3;
	const side = request.size ?? (typeof options["lowSize"] === "number" ? options["lowSize"] : undefined);
	const labels = await labelling(model, request, files);
	const entries: Generated["pictures"][number][] = [];
	let lackingMaps: ReadonlySet<string> = new Set();
	for (const [index, file] of files.entries()) {
		request.signal?.throwIfAborted();
		const picture = broughtTo(await readPicture(file, { channels }), side);
		for (const edit of labels.edits) {
			const name = edit === undefined ? (names[index] as string) : `${names[index]}-${edit.name}`;
			const label = labels.of(index, edit);
			const apply = () => applyOne(model, applier, picture, label, request, file);
			if (index === 0) lackingMaps = mapsLacking(model, apply);
			const applied = apply();
			if (index === 0 && request.direction !== undefined) {
				const back = { ...request, direction: request.direction === "a-to-b" ? "b-to-a" : "a-to-b" } as const;
				const other = applyOne(model, applier, picture, label, back, file);
				if (Buffer.from(other.picture.data).equals(applied.picture.data)) {
					throw new RangeError(`--direction: system must have two, got ${model.system.id}, which has one`);
				}
			}
			const whole = { ...applied, maps: applied.maps.filter((map) => !lackingMaps.has(map.name)) };
			const maps = await writeApplied(folder, name, picture, whole);
			entries.push({
				input: file,
				...(edit === undefined ? {} : { edit: edit.name }),
				...{ result: join("results", `${name}.png`), maps },
			});
		}
		onProgress({ done: index + 1, total: files.length, text: basename(file) });
	}
	return entries;
}

async function classified(
	{ system, options, attributes }: Model,
	gan: Predicting,
	files: readonly string[],
	request: GenerateOptions,
	folder: string,
	onProgress: (progress: GenerateProgress) => void,
): Promise<Generated["pictures"]> {
	const { edits = [], source, labels, direction, signal } = request;
	const wanted = { "--edit": edits[0], "--source": source, "--labels": labels, "--direction": direction };
	const [name] = Object.entries(wanted).find(([, value]) => value !== undefined) ?? [];
	if (name !== undefined) throw new RangeError(`${name}: system must make pictures, got ${system.id}, a classifier`);
	const classes = classNames(options, request.attributes ?? attributes);
	const channels = options["channels"] === 1 ? 1 : 3;
	const side = request.size ?? (typeof options["imageSize"] === "number" ? options["imageSize"] : undefined);
	const rows: (readonly [string, Float32Array])[] = [];
	for (const [index, file] of files.entries()) {
		signal?.throwIfAborted();
		const images = signedPicture(broughtTo(await readPicture(file, { channels }), side));
		try {
			rows.push([basename(file), chancesOf(gan, images, options)]);
		} finally {
			images.dispose();
		}
		onProgress({ done: index + 1, total: files.length, text: basename(file) });
	}
	const table = "scores.csv";
	await writeAtomically(join(folder, table), chanceTable(classes, rows));
	return rows.map(([, chances], index) => ({
		...{ input: files[index] as string, result: table, maps: [] },
		scores: Object.fromEntries(classes.map((name, at) => [name, chances[at] as number])),
	}));
}

function applyOne(
	model: Model,
	applier: Applier,
	picture: PixelArray,
	label: Float32Array | undefined,
	{ direction }: GenerateOptions,
	file: string,
): Applied {
	const { system, path } = model;
	const labels = label === undefined ? undefined : tf.tensor2d(label, [1, label.length]);
	try {
		const rest = {
			...(labels === undefined ? {} : { labels }),
			...(direction === undefined ? {} : { direction }),
		};
		const applied = applier.apply(picture, rest);
		if (applied.broken) throw new RangeError(`${path}: must make finite pictures, got NaN from ${file}`);
		return applied;
	} catch (error) {
		if (error instanceof MissingInputError && error.field === "noise") {
			throw new RangeError(`generate: ${system.id} starts from noise, so --input must be left out, got ${file}`);
		}
		throw error;
	} finally {
		labels?.dispose();
	}
}

/** The picture, cut to a square about its centre and resized as training pictures are. */
function broughtTo(picture: PixelArray, side: number | undefined): PixelArray {
	const { data, height, width, channels } = picture;
	if (side === undefined || (height === side && width === side)) return picture;
	const least = Math.min(height, width);
	const [top, left] = [Math.floor((height - least) / 2), Math.floor((width - least) / 2)];
	const square = new Uint8Array(least * least * channels);
	for (let row = 0; row < least; row += 1) {
		const from = ((top + row) * width + left) * channels;
		square.set(data.subarray(from, from + least * channels), row * least * channels);
	}
	return {
		data: resizeBytes(square, channels, [least, least], [side, side], "lanczos"),
		height: side,
		width: side,
		channels,
	};
}

/** File names without their endings; with them where two would be one. */
function namesOf(files: readonly string[]): string[] {
	const stems = files.map((file) => basename(file, extname(file)));
	return files.map((file, index) => {
		const stem = stems[index] as string;
		return stems.filter((other) => other === stem).length > 1 ? basename(file) : stem;
	});
}

/** Maps that networks would make which the checkpoint lacks. Throws where the picture needs such. */
function mapsLacking(model: Model, apply: () => Applied): ReadonlySet<string> {
	const named = model.dependentOnAbsent(() => {
		const { picture, maps } = apply();
		return { "": picture.data, ...Object.fromEntries(maps.map(({ name, values }) => [name, values])) };
	});
	if (named.has("")) throw lacking(model);
	return named;
}

function lacking({ path, absent }: Model): RangeError {
	return new RangeError(`${path}: must hold the networks that this needs, got none of ${absent.join(", ")}`);
}

function chunks<T>(values: readonly T[], size: number): T[][] {
	return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
		values.slice(index * size, (index + 1) * size),
	);
}
