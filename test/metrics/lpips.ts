import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { startEngine } from "../../engine/engine.ts";
import { formulaWeight } from "../../harness/parity/formula-weights.ts";
import { Trunk } from "../../metrics/features/trunks.ts";
import {
	type FeatureMap,
	type LpipsVersion,
	lpips,
	lpipsInput,
	lpipsLayer,
	lpipsLayerGradient,
	lpipsScale,
} from "../../metrics/lpips.ts";
import { type LpipsNet, lpipsHeads, lpipsNets } from "../../metrics/lpips-heads.ts";
import type { Picture } from "../../metrics/metric.ts";
import { close, Golden, goldenFolders } from "../helpers/golden.ts";

interface Case {
	readonly net: "alex" | "vgg" | "squeeze";
	readonly version: "v0.0" | "v0.1";
	readonly layers: number;
	readonly per_layer_float64: [number, number][];
	readonly total_float64: [number, number];
	readonly abs_tolerance: number;
}

/** One picture of [pictures, channels, height, width] with channels last. */
function channelsLast(golden: Golden<unknown>, name: string, picture: number): FeatureMap {
	const [, channels, height, width] = golden.array(name).shape as [number, number, number, number];
	const size = height * width;
	const values = golden.float64(name).subarray(picture * channels * size, (picture + 1) * channels * size);
	const data = values.map((_, at) => values[(at % channels) * size + Math.floor(at / channels)] as number);
	return { data, height, width, channels };
}

for (const folder of goldenFolders()) {
	const golden = new Golden<{ cases: Case[] }>(folder, "lpips");
	for (const { net, version, layers, per_layer_float64: parts, total_float64: totals, abs_tolerance } of golden.document
		.cases) {
		test(`LPIPS of ${net} ${version}, ${folder}, is reproduced`, (t) => {
			for (const picture of [0, 1] as const) {
				let total = 0;
				for (let layer = 0; layer < layers; layer += 1) {
					const actual = lpipsLayer(
						channelsLast(golden, `${net}/layer${layer}/x0`, picture),
						channelsLast(golden, `${net}/layer${layer}/x1`, picture),
						golden.float64(`${version}/${net}/lin${layer}`),
					);
					const expected = parts[layer]?.[picture] as number;
					t.true(close(actual, expected, abs_tolerance), `layer ${layer}: got ${actual}, expected ${expected}`);
					total += actual;
				}
				t.true(close(total, totals[picture], abs_tolerance));
			}
		});
	}

	test(`the gradient and the scaling of LPIPS, ${folder}, are reproduced`, (t) => {
		const expected = golden.float64("grad/alex_layer1_x0_float32");
		const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
		for (const picture of [0, 1]) {
			const x = channelsLast(golden, "alex/layer1/x0", picture);
			const y = channelsLast(golden, "alex/layer1/x1", picture);
			const gradient = lpipsLayerGradient(x, y, golden.float64("v0.1/alex/lin1"));
			const stored = channelsLast(golden, "grad/alex_layer1_x0_float32", picture).data;
			// Computed in float32: a few roundings of the largest value.
			const wrong = gradient.findIndex((value, at) => !close(value, stored[at] as number, 1e-5 * largest));
			t.is(wrong, -1);
		}
		const input = Float32Array.from(channelsLast(golden, "scaling/input", 0).data);
		lpipsScale(input);
		const output = channelsLast(golden, "scaling/output", 0).data;
		// Two float32 roundings of values below 5.
		t.true(input.every((value, at) => close(value, output[at] as number, 1e-6)));
	});
}

test("the distance is 0 for equal features, symmetric, and blind to their scale", (t) => {
	const map = (seed: number, factor = 1): FeatureMap => ({
		data: Float64Array.from({ length: 24 }, (_, at) => factor * Math.sin(seed + at * at)),
		height: 2,
		width: 3,
		channels: 4,
	});
	const head = [1, 0.5, 2, 0.1];
	t.is(lpipsLayer(map(1), map(1), head), 0);
	t.is(lpipsLayer(map(1), map(2), head), lpipsLayer(map(2), map(1), head));
	// The 1e-10 beside the norm.
	t.true(close(lpipsLayer(map(1, 10), map(2), head), lpipsLayer(map(1), map(2), head), 1e-8));
});

test("the metric runs a caller's trunk on both pictures and sums its layers", async (t) => {
	const picture = (value: number): Picture => ({
		data: Uint8Array.of(value, 0, 255, 0, value, 9),
		height: 1,
		width: 2,
		channels: 3,
	});
	const metric = lpips({
		net: "alex",
		version: "v0.0",
		features: (input) => [input, input, input, input, input],
		heads: Array.from({ length: 5 }, () => [1, 1, 1]),
	});
	t.is(await metric.value(picture(7), picture(7)), 0);
	t.true((await metric.value(picture(7), picture(70))) > 0);
	t.is(
		t.throws(() => lpips({ net: "squeeze", features: () => [], heads: [] }))?.message,
		"lpips: squeeze must have 7 heads, got 0",
	);
});

/** Made from whole numbers, so that every language has the same bytes. */
function formulaPicture(height: number, width: number, k: number): Picture {
	const data = new Uint8Array(height * width * 3);
	for (let y = 0, at = 0; y < height; y += 1) {
		for (let x = 0; x < width; x += 1, at += 3) {
			data.set([(x * x + 3 * y + k * x) % 256, (7 * x + y * y + k * y) % 256, (5 * x * y + 11 * x + k * k) % 256], at);
		}
	}
	return { data, height, width, channels: 3 };
}

const distances: {
	cases: { net: LpipsNet; version: LpipsVersion; height: number; width: number; value: number }[];
	shapes: Record<LpipsNet, Record<string, number[]>>;
} = JSON.parse(readFileSync("fixtures/lpips/distances.json", "utf8"));

for (const net of lpipsNets) {
	test.serial(
		`LPIPS of ${net} from the pictures' bytes on equals lpips, in both versions and on odd sizes`,
		async (t) => {
			await startEngine();
			const before = tf.memory().numTensors;
			{
				using trunk = new Trunk(net, (name) => {
					const shape = distances.shapes[net][name];
					return shape === undefined ? undefined : { shape, data: formulaWeight(name, shape) };
				});
				for (const { version, height, width, value } of distances.cases.filter((one) => one.net === net)) {
					const heads = lpipsHeads(net, version);
					const metric = lpips({ net, version, heads, features: (input) => trunk.maps(input) });
					const [a, b] = [formulaPicture(height, width, 0), formulaPicture(height, width, 3)];
					const got = await metric.value(a, b);
					// float32 through up to 13 layers, sums in another order.
					t.true(close(got, value, 0, 1e-4), `${version} ${height}×${width}: got ${got}, expected ${value}`);
					t.is(await metric.value(a, a), 0);
				}
				t.throws(() => new Trunk(net, () => undefined), {
					message: /must hold features.0.weight, got a file without it/,
				});
				t.throws(() => trunk.maps(lpipsInput(formulaPicture(2, 2, 0), "v0.1", 255)), { message: /must be larger/ });
			}
			t.is(tf.memory().numTensors, before);
		},
	);
}

test("a grey picture goes in as three equal channels; other counts are refused", (t) => {
	const picture = (channels: number, data: number[]): Picture => ({
		data: Uint8Array.from(data),
		height: 1,
		width: 2,
		channels,
	});
	const colour = picture(3, [7, 7, 7, 200, 200, 200]);
	for (const version of ["v0.0", "v0.1"] as const) {
		t.deepEqual(lpipsInput(picture(1, [7, 200]), version, 255), lpipsInput(colour, version, 255));
	}
	t.throws(() => lpipsInput(picture(4, [1, 2, 3, 4, 5, 6, 7, 8]), "v0.1", 255), {
		message: "lpips: pictures must have 1 or 3 channels, got 4",
	});
});
