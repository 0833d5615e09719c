import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { readWeights } from "../../../harness/import/read.ts";
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

test("an HDF5 file cut off is refused in one line that names it", async (t) => {
	const bytes = readFileSync(join(folder, "keras-2.h5"));
	const path = join(await temporaryFolder(t), "cut.h5");
	await writeFile(path, bytes.subarray(0, 3000));
	const error = await t.throwsAsync(readWeights(path));
	t.regex(error?.message ?? "", /cut\.h5: must be a whole HDF5 file, got [^\n]*$/);
});
