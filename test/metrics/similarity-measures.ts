/** The golden numbers of the image-similarity-measures package. */
import test from "ava";
import { fsim } from "../../metrics/fsim.ts";
import { issm } from "../../metrics/issm.ts";
import type { PairedMetric, Picture } from "../../metrics/metric.ts";
import { psnr } from "../../metrics/psnr.ts";
import { rmse } from "../../metrics/rmse.ts";
import { sam } from "../../metrics/sam.ts";
import { sre } from "../../metrics/sre.ts";
import { ssim } from "../../metrics/ssim.ts";
import { uiq } from "../../metrics/uiq.ts";
import { close, Golden, goldenFolders } from "../helpers/golden.ts";

interface Case {
	readonly name: string;
	readonly ref: string;
	readonly dist: string;
	readonly values: Readonly<Record<string, number | string>>;
}

/** The file's tolerances. */
const measures: [name: string, metric: PairedMetric, tolerance: number][] = [
	["rmse_max255", rmse(), 1e-5],
	["psnr_max255", psnr({ protocol: "image-similarity-measures" }), 1e-5],
	["ssim_max255", ssim(), 1e-5],
	["rmse_max4095", rmse({ range: 4095 }), 1e-5],
	["psnr_max4095", psnr({ protocol: "image-similarity-measures", range: 4095 }), 1e-5],
	["ssim_max4095", ssim({ range: 4095 }), 1e-5],
	["sre", sre(), 1e-5],
	["sam_uint8_degrees", sam({ protocol: "uint8-wrap" }), 1e-4],
	["sam_float64_degrees", sam(), 1e-4],
	["uiq", uiq(), 1e-4],
	["fsim", fsim(), 1e-4],
	["issm", issm(), 1e-4],
];

for (const folder of goldenFolders()) {
	const golden = new Golden<{ cases: Case[] }>(folder, "similarity_measures", "full_reference");
	for (const { name, ref, dist, values } of golden.document.cases) {
		for (const [measure, metric, tolerance] of measures) {
			test(`${measure} of ${name}, ${folder}, is reproduced`, async (t) => {
				const actual = await metric.value(golden.picture(ref), golden.picture(dist));
				const expected = Number(values[measure]);
				t.true(measure in values);
				t.true(close(actual, expected, tolerance), `got ${actual}, expected ${expected}`);
			});
		}
	}
}

function picture(seed: number): Picture {
	const data = Uint8Array.from({ length: 24 * 20 * 3 }, (_, at) => 128 + 100 * Math.sin(seed * at + Math.sin(at / 7)));
	return { data, height: 24, width: 20, channels: 3 };
}

test("all are best for equal pictures and do not mind which side is which, save SRE", async (t) => {
	const [a, b] = [picture(0.3), picture(0.31)];
	for (const [metric, best] of [
		[rmse(), 0],
		[sam(), 0],
		[uiq(), 1],
		[fsim({ protocol: "signed" }), 1],
	] as const) {
		// The arc cosine near 1 turns a rounding of 1e-16 into 1e-8 radians.
		t.true(close(await metric.value(a, a), best, 1e-6), metric.id);
		t.true(close(await metric.value(a, b), await metric.value(b, a), 1e-9), metric.id);
	}
	t.is(await sre().value(a, a), Number.POSITIVE_INFINITY);
});

test("the spectral angle does not change with brightness", async (t) => {
	const a = { ...picture(0.3), data: Uint8Array.from(picture(0.3).data, (value) => Math.max(1, value >> 1)) };
	const doubled = { ...a, data: Uint8Array.from(a.data, (value) => 2 * value) };
	t.true(close(await sam().value(a, doubled), 0, 1e-5));
});

test("the spectral angle of one colour to another has a closed form; a black pixel makes it 0, or NaN as in torchmetrics", async (t) => {
	const colour = (...data: number[]): Picture => ({ data: Uint8Array.from(data), height: 1, width: 1, channels: 3 });
	const [red, orange, black] = [colour(200, 0, 0), colour(90, 90, 0), colour(0, 0, 0)];
	const radians = sam({ protocol: "torchmetrics" });
	t.true(close(await sam().value(red, orange), 45, 1e-9));
	t.true(close(await radians.value(red, orange), Math.PI / 4, 1e-12));
	t.is(await sam().value(red, black), 0);
	t.is(await radians.value(red, black), Number.NaN);
});

test("grey pictures for the spectral angle and too small ones for UIQ are refused in one line", async (t) => {
	const grey: Picture = { data: new Uint8Array(16), height: 4, width: 4, channels: 1 };
	const run = async (metric: PairedMetric): Promise<string | undefined> =>
		(await t.throwsAsync(async () => metric.value(grey, grey)))?.message;
	t.is(await run(sam()), "sam: pictures must have 2 channels or more, got 1");
	t.is(await run(uiq()), "uiq: pictures must be at least 8x8, got 4x4");
});

/** A picture of 12 bits made from whole numbers. */
function deep(height: number, width: number, channels: number, k: number): Picture {
	const data = new Float64Array(height * width * channels);
	for (let at = 0; at < data.length; at += 1) {
		const [channel, place] = [at % channels, Math.floor(at / channels)];
		const [y, x] = [Math.floor(place / width), place % width];
		const tiles = Math.floor(x / 9) * (37 + 5 * channel) + Math.floor(y / 11) * (53 + k);
		const waves = Math.floor((x * x + 3 * y * y + k * x * y) / 40);
		data[at] = 16 * ((tiles + waves + channel * 7 * k) % 256) + ((7 * x + 13 * y + k) % 16);
	}
	return { data, height, width, channels };
}

// image-similarity-measures 0.3.6 with opencv-python 4.11.0.86: a picture and another one, and with a tenth of that in it.
for (const [height, width, channels, k, other, whole, mixed] of [
	[40, 56, 3, 1, 2, 0.4118682986515333, 0.8425124134662777],
	[40, 56, 3, 1, 1, 1.0000138400858638, 1.0000138400858638],
	[33, 47, 2, 3, 4, 0.473906263256722, 0.8785600139865335],
	[64, 30, 4, 5, 7, 0.2538085248040524, 0.9110455705534067],
] as const) {
	test(`ISSM of 12-bit pictures of ${height} × ${width} × ${channels}, ${k} and ${other}, finds OpenCV's edges`, async (t) => {
		const [a, b] = [deep(height, width, channels, k), deep(height, width, channels, other)];
		const data = Float64Array.from(a.data, (value, at) => Math.round(value * 0.9 + (b.data[at] as number) * 0.1));
		const metric = issm({ range: 4095 });
		// The edges are whole numbers and must all agree; what is left is float64.
		t.true(close(await metric.value(a, b), whole, 1e-9));
		t.true(close(await metric.value(a, { ...a, data }), mixed, 1e-9));
	});
}
