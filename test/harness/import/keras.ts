import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import type { Group } from "h5wasm/node";
import { startEngine } from "../../../engine/engine.ts";
import type { Parameters } from "../../../engine/parameters.ts";
import { importWeights } from "../../../harness/import/import.ts";
import { readWeights } from "../../../harness/import/read.ts";
import { readSafetensors } from "../../../harness/safetensors.ts";
import { findSystem } from "../../../harness/systems.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

const folder = join("fixtures", "keras");
const { weights } = JSON.parse(readFileSync(join(folder, "keras.json"), "utf8")) as {
	weights: Record<string, { shape: number[]; data: number[] }>;
};
const ours: Readonly<Record<string, string>> = {
	kernel: "weight",
	gamma: "weight",
	beta: "bias",
	moving_mean: "running_mean",
	moving_variance: "running_var",
};

for (const name of ["keras-2.h5", "keras-3.weights.h5"]) {
	test(`${name} of real Keras gives PyTorch's layout, with layers numbered from none`, async (t) => {
		const { format, tensors } = await readWeights(join(folder, name));
		t.is(format, "Keras");
		t.is(tensors.size, Object.keys(weights).length);
		for (const [full, { shape, data }] of Object.entries(weights)) {
			const [layer = "", array = ""] = full.split("/");
			// The network's only convolution was the second of its session.
			const tensor = tensors.get(`${layer.replace("conv2d_1", "conv2d")}.${ours[array] ?? array}`)?.read();
			t.deepEqual([...(tensor?.shape ?? [])].sort(), [...shape].sort(), full);
			if (array !== "kernel") {
				t.deepEqual(tensor?.data, Float32Array.from(data), full);
				continue;
			}
			// [kh, kw, in, out] → [out, in, kh, kw], and for transposed ones [kh, kw, out, in] → [in, out, kh, kw]; [in, out] → [out, in].
			const [height, width, inner, outer] =
				shape.length === 4 ? (shape as [number, number, number, number]) : [1, 1, ...shape];
			t.deepEqual(tensor?.shape, shape.length === 4 ? [outer, inner, height, width] : [outer, inner]);
			for (let at = 0; at < data.length; at += 1) {
				const [o, i] = [at % (outer as number), Math.floor(at / (outer as number)) % (inner as number)];
				const place = Math.floor(at / (outer as number) / (inner as number));
				const to = (o * (inner as number) + i) * (height as number) * (width as number) + place;
				if (tensor?.data[to] !== Math.fround(data[at] as number)) t.fail(`${full}[${at}]`);
			}
		}
	});
}

test("layers of Keras 3 have the names that their groups say, whatever the groups' own numbers", async (t) => {
	const { File, ready } = await import("h5wasm/node");
	await ready;
	const path = join(await temporaryFolder(t), "order.weights.h5");
	const file = new File(path, "w");
	const layers = file.create_group("layers");
	// As Keras writes branches: its groups count in another order than its layers.
	for (const [group, name, value] of [
		["conv2d", "conv2d_8", 8],
		["conv2d_1", "conv2d_7", 7],
		["conv2d_2", "findout", 1],
	] as const) {
		const vars = layers.create_group(group).create_group("vars");
		vars.create_attribute("name", name);
		vars.create_dataset({ name: "0", data: Float32Array.of(value), shape: [1, 1, 1, 1], dtype: "<f4" });
	}
	file.close();
	const { tensors } = await readWeights(path);
	const read = [...tensors].map(([name, tensor]) => [name, tensor.read().data[0]]);
	t.deepEqual(read, [
		["conv2d_1.weight", 8],
		["conv2d.weight", 7],
		["findout.weight", 1],
	]);
});

test("an HDF5 file cut off is refused in one line that names it", async (t) => {
	const bytes = readFileSync(join(folder, "keras-2.h5"));
	const path = join(await temporaryFolder(t), "cut.h5");
	await writeFile(path, bytes.subarray(0, 3000));
	const error = await t.throwsAsync(readWeights(path));
	t.regex(error?.message ?? "", /cut\.h5: must be a whole HDF5 file, got [^\n]*$/);
});

/** Parameters as Keras keeps them, in layers that began to count at `first`. */
async function writeKeras(
	path: string,
	parameters: Parameters,
	layers: Readonly<Record<string, string>>,
	first: number,
): Promise<void> {
	const { File, ready } = await import("h5wasm/node");
	await ready;
	const file = new File(path, "w");
	for (const { name } of parameters.entries()) {
		const at = name.lastIndexOf(".");
		const [, kind = "", number = "0"] = /^(.*?)(?:_(\d+))?$/.exec(layers[name.slice(0, at)] as string) ?? [];
		const layer =
			kind === "conv2d" || kind === "dense" ? `${kind}_${Number(number) + first}` : layers[name.slice(0, at)];
		const { shape, data } = parameters.read(name);
		const turned = tf.tidy(() => {
			const torch = tf.tensor(data, [...shape]);
			const ours = shape.length === 4 ? torch.transpose([2, 3, 1, 0]) : torch.transpose();
			return { shape: ours.shape, data: ours.dataSync<"float32">() };
		});
		const known = file.keys().includes(`${layer}`);
		const group = known ? file.get(`${layer}`) : file.create_group(`${layer}`);
		const array = name.endsWith("weight") ? "kernel:0" : "bias:0";
		(group as Group).create_dataset({ name: array, data: turned.data, shape: turned.shape, dtype: "<f4" });
	}
	file.close();
}

for (const scale of [8, 16]) {
	test.serial(`AGA-GAN's networks at ×${scale} are found in files of Keras, by its own names of layers`, async (t) => {
		await startEngine();
		const system = await findSystem("aga-gan", "test");
		const options = { scale, lowSize: 8, attributes: 5, width: 4 };
		const gan = system.build?.({ ...options, seed: 3 });
		t.teardown(() => gan?.[Symbol.dispose]());
		const layers = system.layers?.(options) ?? {};
		for (const network of ["G", "D"]) {
			const folder = await temporaryFolder(t);
			const parameters = gan?.networks[network] as Parameters;
			const path = join(folder, `${network}.h5`);
			await writeKeras(path, parameters, layers[network] as Record<string, string>, 3);
			const { checkpoint, options: found } = await importWeights([{ file: await readWeights(path) }], system, {
				out: folder,
			});
			// D does not tell ×4 of larger pictures from ×8.
			if (network === "G") t.is(found["scale"], scale);
			const { tensors } = await readSafetensors(checkpoint);
			for (const { name } of parameters.entries()) {
				t.deepEqual(tensors.get(`${network}.${name}`)?.values, parameters.read(name).data, name);
			}
		}
	});
}
