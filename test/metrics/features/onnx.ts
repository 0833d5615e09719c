import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { formulaWeight } from "../../../harness/parity/formula-weights.ts";
import { type OnnxRange, onnx } from "../../../metrics/features/onnx.ts";
import { resizers } from "../../../metrics/features/resizers.ts";
import { identity } from "../../../metrics/identity.ts";
import type { Picture } from "../../../metrics/metric.ts";
import { close } from "../../helpers/golden.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

const dynamic = join("fixtures", "onnx", "dynamic.onnx");
const single = join("fixtures", "onnx", "single-nhwc.onnx");
const external = join("fixtures", "onnx", "external.onnx");
const map = join("fixtures", "onnx", "map-nhwc.onnx");
const side = 16;

/** The model by its definition: a 3 × 3 convolution with stride 2, rectifier, mean over space; logits a product of it. */
function expected(pixels: Float32Array, count: number, scale: (value: number, channel: number) => number) {
	const filter = formulaWeight("conv.weight", [4, 3, 3, 3]);
	const bias = formulaWeight("conv.bias", [4]);
	const head = formulaWeight("logits.weight", [5, 4]);
	const places = Math.floor((side - 3) / 2) + 1;
	const features: number[] = [];
	for (let index = 0; index < count; index += 1) {
		for (let out = 0; out < 4; out += 1) {
			let total = 0;
			for (let at = 0; at < places * places; at += 1) {
				const [top, left] = [2 * Math.floor(at / places), 2 * (at % places)];
				let sum = bias[out] as number;
				for (let tap = 0; tap < 27; tap += 1) {
					const [channel, y, x] = [Math.floor(tap / 9), Math.floor((tap % 9) / 3), tap % 3];
					const from = ((index * side + top + y) * side + left + x) * 3 + channel;
					sum += (filter[out * 27 + tap] as number) * scale(pixels[from] as number, channel);
				}
				total += Math.max(0, sum);
			}
			features.push(total / places ** 2);
		}
	}
	const logits = Array.from({ length: count * 5 }, (_, at) => {
		const row = features.slice(Math.floor(at / 5) * 4, Math.floor(at / 5) * 4 + 4);
		return row.reduce((sum, value, place) => sum + value * (head[(at % 5) * 4 + place] as number), 0);
	});
	return { features, logits };
}

const mean = [0.485, 0.456, 0.406];
const deviation = [0.229, 0.224, 0.225];
const scales: Record<OnnxRange, (value: number, channel: number) => number> = {
	byte: (value) => value,
	unit: (value) => value / 255,
	signed: (value) => value / 127.5 - 1,
	imagenet: (value, channel) => (value / 255 - (mean[channel] as number)) / (deviation[channel] as number),
};

const pixels = Float32Array.from({ length: 3 * side * side * 3 }, (_, at) => (at * at + 7 * at) % 256);

for (const file of [dynamic, single, external, map]) {
	for (const range of ["byte", "unit", "signed", "imagenet"] as const) {
		test.serial(`${file} with values as ${range} gives the rows of its definition, whatever the batch`, async (t) => {
			using model = await onnx({ file, range });
			t.deepEqual([model.size, model.dimensions, model.classes], [[side, side], 4, 5]);
			const { features, logits } = await model.extract(pixels, 3);
			const wanted = expected(pixels, 3, scales[range]);
			t.deepEqual([features.length, logits?.length], [12, 15]);
			// float32 sums of 27 products.
			t.true(wanted.features.every((value, at) => close(features[at] as number, value, 1e-5, 1e-5)));
			t.true(wanted.logits.every((value, at) => close(logits?.[at] ?? Number.NaN, value, 1e-4, 1e-5)));
			const one = await model.extract(pixels.subarray(0, side * side * 3), 1);
			t.true(one.features.every((value, at) => close(value, features[at] as number, 1e-6, 1e-6)));
		});
	}
}

test.serial("a file that is no model, or none at all, is refused by name", async (t) => {
	const folder = await temporaryFolder(t);
	const bad = join(folder, "bad.onnx");
	await writeFile(bad, "not a model");
	await t.throwsAsync(onnx({ file: bad }), { message: /^onnx: .*bad.onnx must be an ONNX model, got: / });
	await t.throwsAsync(onnx({ file: join(folder, "none.onnx") }), {
		message: /must be a model, got nothing of that name$/,
	});
});

test.serial("weights beside the model are part of its hash, and are missed by name", async (t) => {
	const folder = await temporaryFolder(t);
	const file = join(folder, "external.onnx");
	await copyFile(external, file);
	await t.throwsAsync(onnx({ file }), {
		message: /^onnx: .*external.onnx.data must be the weights of .*external.onnx, got nothing of that name$/,
	});
	const bytes = await readFile(`${external}.data`);
	await writeFile(`${file}.data`, bytes);
	using given = await onnx({ file });
	bytes.writeFloatLE(bytes.readFloatLE(0) + 1, 0);
	await writeFile(`${file}.data`, bytes);
	using changed = await onnx({ file });
	t.not(given.protocol["weights"], changed.protocol["weights"]);
});

test.serial("outputs that are no rows are refused by name, type and shape", async (t) => {
	const given = (name: string) => onnx({ file: join("fixtures", "onnx", name) });
	await t.throwsAsync(given("double.onnx"), {
		message: /^onnx: .*double.onnx must give float32 rows \[1, d\] or maps, got wide of float64 \[1,4\]$/,
	});
	await t.throwsAsync(given("tokens.onnx"), { message: /got tokens of float32 \[1,4,49\]$/ });
});

test.serial("identity is the cosine of the rows: 1 for a picture with itself, the same both ways", async (t) => {
	const resizer = resizers["antialiased-bilinear"];
	if (resizer === undefined) return t.fail();
	const metric = identity({ extractor: await onnx({ file: dynamic, range: "unit" }), resizer });
	const face = (k: number): Picture => ({
		data: Uint8Array.from({ length: side * side * 3 }, (_, at) => (at * (k + at)) % 256),
		height: side,
		width: side,
		channels: 3,
	});
	t.true(close(await metric.value(face(1), face(1)), 1, 1e-6));
	const value = await metric.value(face(1), face(2));
	t.true(close(await metric.value(face(2), face(1)), value, 1e-6));
	const [a, b] = [1, 2].map((k) => expected(Float32Array.from(face(k).data), 1, scales.unit).features);
	const dot = (x: number[], y: number[]) => x.reduce((sum, one, at) => sum + one * (y[at] as number), 0);
	const [x, y] = [a as number[], b as number[]];
	t.true(close(value, dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y)), 1e-5));
	// The same pictures as floats of another scale, as those of 16 bits come.
	const floats = (k: number) => ({ ...face(k), data: Float64Array.from(face(k).data, (byte) => byte / 255) });
	await t.throwsAsync(async () => metric.value(floats(1), floats(2)), { message: /floats must come with a range/ });
	const scaled = identity({ extractor: await onnx({ file: dynamic, range: "unit" }), resizer, range: 1 });
	t.true(close(await scaled.value(floats(1), floats(2)), value, 1e-6));
	for (const one of [metric, scaled]) one[Symbol.dispose]?.();
});
