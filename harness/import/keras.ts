/**
 * Weights of Keras in HDF5: `save_weights` and whole models of Keras 2 (`conv2d_3/conv2d_3/kernel:0`), and `.weights.h5` of
 * Keras 3, alone or in its `.keras` archive (`layers/conv2d_3/vars/0`, where the group `vars` says the layer's own name: Keras numbers the groups in an order of its
 * own). Layers are named as Keras numbers them in a fresh session (`conv2d`, `conv2d_1`, …), since it counts on from network to
 * network; arrays are turned to PyTorch's layout.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TorchArray } from "../../engine/parameters.ts";
import { sizeOf, type WeightsTensor } from "./weights.ts";
import { isZip, Zip } from "./zip.ts";

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** True where the bytes begin as an HDF5 file's. */
export function isHdf5(bytes: Uint8Array): boolean {
	return signature.every((byte, index) => bytes[index] === byte);
}

/** Axes of PyTorch's array as axes of Keras': convolutions of both kinds, dense layers. */
const axes: Readonly<Record<number, readonly number[]>> = { 4: [3, 2, 0, 1], 2: [1, 0] };

/** The weights inside a `.keras` archive; undefined where the bytes are of none. */
export function archivedWeights(bytes: Uint8Array, where: string): Uint8Array | undefined {
	if (!isZip(bytes)) return undefined;
	const archive = new Zip(bytes, where);
	return archive.has(weightsEntry) ? archive.read(weightsEntry) : undefined;
}

const weightsEntry = "model.weights.h5";

/** As `readKeras` reads a file of these bytes; `where` names them in errors. */
export async function readKerasBytes(bytes: Uint8Array, where: string): Promise<Map<string, WeightsTensor>> {
	const folder = await mkdtemp(join(tmpdir(), "fovea-"));
	try {
		const file = join(folder, weightsEntry);
		await writeFile(file, bytes);
		return await readKeras(file, where);
	} finally {
		await rm(folder, { recursive: true });
	}
}

/**
 * Every array below, as `LAYER.weight`, `LAYER.bias` or `LAYER.<name>`. Throws where the file cannot be read, naming it as
 * `path`.
 */
export async function readKeras(file: string, path = file): Promise<Map<string, WeightsTensor>> {
	const { File, Dataset, Group, ready } = await hdf5(path);
	// Otherwise the library prints a stack of its own and goes on.
	(await ready).activate_throwing_error_handler();
	const whole = <T>(work: () => T): T => {
		try {
			return work();
		} catch (cause) {
			if (cause instanceof RangeError) throw cause;
			const [first = "damage"] = String((cause as Error).message ?? cause)
				.trim()
				.split("\n");
			throw new RangeError(`${path}: must be a whole HDF5 file, got ${first}`, { cause });
		}
	};
	const opened = whole(() => new File(file, "r"));
	const arrays = new Map<string, { shape: readonly number[]; data: Float32Array }>();
	const ownNames = new Map<string, string>();
	try {
		const visit = (group: InstanceType<typeof Group>, place: readonly string[]) => {
			if (place.length > 32) throw new RangeError(`${path}: groups must nest at most 32 deep, got more`);
			for (const name of group.keys()) {
				const child = group.get(name);
				if (child instanceof Group) {
					const own = name === "vars" ? child.attrs["name"]?.value : undefined;
					if (typeof own === "string") ownNames.set([...place, name].join("/"), own);
					visit(child, [...place, name]);
				} else if (child instanceof Dataset) {
					const { shape, dtype, value } = child;
					if (typeof dtype !== "string" || !/^[<>|]?[fdbhilqBHILQe]/.test(dtype) || shape === null) continue;
					if (!ArrayBuffer.isView(value)) continue;
					arrays.set([...place, name].join("/"), {
						shape,
						data: Float32Array.from(value as unknown as number[], Number),
					});
				}
			}
		};
		whole(() => visit(opened, []));
	} finally {
		opened.close();
	}
	const named = [...arrays].flatMap(([full, array]) => {
		const name = parameterName(full, ownNames);
		return name === undefined ? [] : [[name, array] as const];
	});
	if (named.length === 0)
		throw new RangeError(`${path}: must hold weights of Keras layers, got ${arrays.size} other arrays`);
	const numbers = layerNumbers(named.map(([{ layer }]) => layer));
	return new Map(
		named.map(([{ layer, array }, { shape, data }]) => {
			const turned =
				array === "weight" ? (axes[shape.length] ?? shape.map((_, axis) => axis)) : shape.map((_, axis) => axis);
			const sides = turned.map((axis) => shape[axis] as number);
			return [`${numbers.get(layer)}.${array}`, { shape: sides, read: () => transposed({ shape, data }, turned) }];
		}),
	);
}

/** The package is optional: whoever reads no Keras needs none of it. */
async function hdf5(path: string): Promise<typeof import("h5wasm/node")> {
	try {
		return await import("h5wasm/node");
	} catch (cause) {
		throw new Error(`${path}: HDF5 files need the package h5wasm, got none; npm install h5wasm`, { cause });
	}
}

const optimizers = /^(optimizer|optimizer_weights)$/;
const keras3: Readonly<Record<string, readonly string[]>> = {
	batch_normalization: ["weight", "bias", "running_mean", "running_var"],
};
const keras2: Readonly<Record<string, string>> = {
	kernel: "weight",
	gamma: "weight",
	beta: "bias",
	moving_mean: "running_mean",
	moving_variance: "running_var",
};

/** Layer and array of a path; undefined for what belongs to no layer. */
function parameterName(
	full: string,
	ownNames: ReadonlyMap<string, string>,
): { layer: string; array: string } | undefined {
	const parts = full.replace(/^model_weights\//, "").split("/");
	if (optimizers.test(parts[0] ?? "")) return undefined;
	const last = (parts.at(-1) as string).replace(/:0$/, "");
	const layer = parts.at(-2);
	if (layer !== "vars") return layer === undefined ? undefined : { layer, array: keras2[last] ?? last };
	const owner = parts.at(-3);
	if (owner === undefined) return undefined;
	const kind = owner.replace(/_\d+$/, "");
	const array = (keras3[kind] ?? ["weight", "bias"])[Number(last)];
	return { layer: ownNames.get(parts.slice(0, -1).join("/")) ?? owner, array: array ?? last };
}

/** Layers of one kind counted from none, without gaps: `conv2d_7`, `conv2d_9` become `conv2d`, `conv2d_1`. */
function layerNumbers(layers: readonly string[]): Map<string, string> {
	const kinds = new Map<string, Set<number>>();
	const split = (layer: string): [kind: string, number: number] => {
		const [, kind = layer, number] = /^(.*?)_(\d+)$/.exec(layer) ?? [];
		return [kind, Number(number ?? 0)];
	};
	for (const layer of layers) {
		const [kind, number] = split(layer);
		kinds.set(kind, (kinds.get(kind) ?? new Set()).add(number));
	}
	return new Map(
		layers.map((layer) => {
			const [kind, number] = split(layer);
			const place = [...(kinds.get(kind) as Set<number>)].sort((a, b) => a - b).indexOf(number);
			return [layer, place === 0 ? kind : `${kind}_${place}`];
		}),
	);
}

/** Axis `k` of the result is axis `order[k]` of `array`. */
function transposed({ shape, data }: TorchArray, order: readonly number[]): TorchArray {
	const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
	const sides = order.map((axis) => shape[axis] as number);
	const steps = order.map((axis) => strides[axis] as number);
	const result = new Float32Array(data.length);
	const index = sides.map(() => 0);
	for (let at = 0, from = 0; at < result.length; at += 1) {
		result[at] = data[from] as number;
		for (let axis = sides.length - 1; axis >= 0; axis -= 1) {
			const next = (index[axis] as number) + 1;
			from += steps[axis] as number;
			index[axis] = next;
			if (next < (sides[axis] as number)) break;
			from -= next * (steps[axis] as number);
			index[axis] = 0;
		}
	}
	return { shape: sides, data: result };
}
