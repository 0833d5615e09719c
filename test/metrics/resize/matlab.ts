import { join } from "node:path";
import test from "ava";
import sharp from "sharp";
import type { Picture } from "../../../metrics/metric.ts";
import { psnr } from "../../../metrics/psnr.ts";
import { matlabResize } from "../../../metrics/resize/matlab.ts";
import { ssim } from "../../../metrics/ssim.ts";
import { close, Golden, goldenFolders } from "../../helpers/golden.ts";

interface Case {
	readonly input: string;
	readonly output: string;
	readonly scale: number;
	readonly antialias?: boolean;
	readonly tolerance: number | string;
}

for (const folder of goldenFolders()) {
	const golden = new Golden<{ cases: Case[] }>(folder, "imresize_matlab");
	for (const { input, output, scale, antialias = true, tolerance } of golden.document.cases) {
		test(`${output} of ${folder} is reproduced`, (t) => {
			const corner = / top left (\d+)x(\d+), divided by 255$/.exec(input);
			const whole = golden.picture(corner === null ? input : input.slice(0, corner.index));
			const picture = corner === null ? whole : cornerOf(whole, Number(corner[1]), Number(corner[2]));
			const result = matlabResize(picture, scale, {
				antialias,
				edges: output.endsWith("clamp") ? "clamp" : "mirror",
				rounding: output.endsWith("rounded_once") ? "end" : "each-pass",
			});
			const expected = golden.picture(output);
			t.deepEqual([result.height, result.width], [expected.height, expected.width]);
			// "1 grey level on ties" and "exact" are the file's words for bytes.
			const allowed = typeof tolerance === "number" ? tolerance : tolerance === "exact" ? 0 : 1;
			const wrong = Array.from(expected.data).filter((value, at) => !close(result.data[at] as number, value, allowed));
			t.is(wrong.length, 0);
		});
	}
}

function cornerOf({ data, width, channels }: Picture, rows: number, columns: number): Picture {
	const part = Float64Array.from({ length: rows * columns * channels }, (_, at) => {
		const row = Math.floor(at / (columns * channels));
		return (data[row * width * channels + (at % (columns * channels))] as number) / 255;
	});
	return { data: part, height: rows, width: columns, channels };
}

test("a flat picture stays flat and a ramp keeps its slope inside", (t) => {
	const flat: Picture = { data: new Uint8Array(30 * 20).fill(77), height: 30, width: 20, channels: 1 };
	t.true(matlabResize(flat, 0.4).data.every((value: number) => value === 77));
	const ramp: Picture = { data: Float64Array.from({ length: 40 }, (_, at) => at), height: 1, width: 40, channels: 1 };
	const half = matlabResize(ramp, 0.5).data;
	// A cubic kernel reproduces straight lines: rounding only.
	for (let at = 4; at < 15; at += 1) t.true(close((half[at + 1] as number) - (half[at] as number), 2, 1e-12));
});

test("a scale that is no size is refused", (t) => {
	const picture: Picture = { data: new Uint8Array(4), height: 2, width: 2, channels: 1 };
	t.is(t.throws(() => matlabResize(picture, 0))?.message, "imresize: scale must be above 0, got 0");
});

/**
 * Super-resolution's bicubic baseline on Set5: luma PSNR and SSIM with 4 pixels off, mean of the low-resolution picture.
 * The pictures may not be shipped: checked where FOVEA_DATA names the folder of data sets.
 */
const published = {
	baby: [31.7867, 0.85768, 136.8632],
	bird: [30.1862, 0.87383, 67.8355],
	butterfly: [22.0998, 0.73744, 115.0125],
	head: [31.6173, 0.75478, 73.0703],
	woman: [26.4257, 0.83077, 122.7213],
} as const;

/** PSNR when MATLAB itself makes both steps: rounding after each pass, clamped edges. */
const matlabItself = { baby: 31.7845, bird: 30.184, butterfly: 22.101, head: 31.6135, woman: 26.4273 };

const data = process.env["FOVEA_DATA"];
if (data !== undefined) {
	for (const [name, [decibels, similarity, level]] of Object.entries(published)) {
		test(`bicubic ${name} has the published PSNR and SSIM`, async (t) => {
			const picture = await read(join(data, "set5", `${name}.png`), name === "woman" ? 224 : undefined);
			const small = matlabResize(picture, 1 / 4, { rounding: "end" });
			const restored = matlabResize(small, 4, { rounding: "end" });
			t.is(round(mean(small), 4), level);
			t.is(round(await psnr({ protocol: "basicsr-y", crop: 4 }).value(picture, restored), 4), decibels);
			t.is(round(await ssim({ protocol: "basicsr-y", crop: 4 }).value(picture, restored), 5), similarity);
			const shrunk = matlabResize(picture, 1 / 4, { edges: "clamp" });
			const grown = matlabResize(shrunk, 4, { edges: "clamp" });
			const value = await psnr({ protocol: "basicsr-y", crop: 4 }).value(picture, grown);
			t.is(round(value, 4), matlabItself[name as keyof typeof matlabItself]);
		});
	}
}

function mean({ data }: Picture): number {
	return Array.from(data).reduce((sum, value) => sum + value, 0) / data.length;
}

function round(value: number, digits: number): number {
	return Number(value.toFixed(digits));
}

/** The left `columns` of a picture file, as bytes. */
async function read(path: string, columns?: number): Promise<Picture> {
	const image = sharp(path).removeAlpha().toColourspace("srgb");
	const { width = 0, height = 0 } = await image.metadata();
	const kept = columns ?? width;
	const bytes = await image.extract({ left: 0, top: 0, width: kept, height }).raw().toBuffer();
	return { data: new Uint8Array(bytes), height, width: kept, channels: 3 };
}
