import { join } from "node:path";
import test from "ava";
import sharp from "sharp";
import { Random } from "../../engine/random.ts";
import { opencvGray } from "../../metrics/color.ts";
import { MersenneTwister } from "../../metrics/mersenne-twister.ts";
import type { Picture } from "../../metrics/metric.ts";
import { type MsSsimProtocol, msSsim } from "../../metrics/ms-ssim.ts";
import { planes } from "../../metrics/planes.ts";
import { psnr } from "../../metrics/psnr.ts";
import { ssim } from "../../metrics/ssim.ts";
import { ssimMap } from "../../metrics/ssim-map.ts";
import { close, Golden, goldenFolders } from "../helpers/golden.ts";

interface Case {
	readonly name: string;
	readonly values: Record<string, number>;
}
interface Document {
	readonly cases: Case[];
	readonly multi_scale: { readonly cases: Case[] };
}

type Options = NonNullable<Parameters<typeof ssim>[0]>;

/** The files' own tolerances: float64 routes 1e-9, torchmetrics 1e-6. */
const routes: [name: string, options: Options, tolerance: number][] = [
	["ssim_skimage_default_7x7", { protocol: "skimage" }, 1e-9],
	["ssim_skimage_gaussian", { protocol: "wang2004" }, 1e-9],
	["ssim_skimage_gaussian_sample_cov", { protocol: "wang2004", sampleCovariance: true }, 1e-9],
	["ssim_skimage_uniform_11_population", { window: { kind: "uniform", size: 11 }, sampleCovariance: false }, 1e-9],
	["ssim_piq_no_downsample", { protocol: "wang2004" }, 1e-9],
	["ssim_piq_downsample", { protocol: "piq" }, 1e-9],
	["ssim_torchmetrics", { protocol: "torchmetrics" }, 1e-6],
	["ssim_wang_per_channel_mean", { protocol: "wang2004" }, 1e-9],
	["ssim_basicsr_shave4", { protocol: "basicsr", crop: 4 }, 1e-9],
	["ssim_y_shave0", { protocol: "basicsr-y" }, 1e-9],
	["ssim_y_shave4", { protocol: "basicsr-y", crop: 4 }, 1e-9],
	["ssim_y_rounded_shave4", { protocol: "matlab-y", crop: 4 }, 1e-9],
];

const scales: [
	name: string,
	options: { protocol: MsSsimProtocol; normalise?: "relu" | "simple" | "none" },
	tolerance: number,
][] = [
	["piq", { protocol: "piq" }, 1e-9],
	["definition_piq_padding", { protocol: "piq" }, 1e-9],
	["torchmetrics_relu", { protocol: "torchmetrics", normalise: "relu" }, 1e-6],
	["torchmetrics_simple", { protocol: "torchmetrics", normalise: "simple" }, 1e-6],
	["torchmetrics_None", { protocol: "torchmetrics", normalise: "none" }, 1e-6],
];

for (const folder of goldenFolders()) {
	const golden = new Golden<Document>(folder, "full_reference");
	const { cases, multi_scale: multiScale } = golden.document;
	for (const { name, values } of [...cases, ...multiScale.cases]) {
		test(`SSIM of ${name}, ${folder}, is reproduced`, async (t) => {
			const reference = golden.picture(`${name}/ref`);
			const image = golden.picture(`${name}/dist`);
			for (const [route, options, tolerance] of routes) {
				const expected = values[route];
				if (expected === undefined) continue;
				const actual = await ssim(options).value(reference, image);
				t.true(close(actual, expected, tolerance), `${route}: got ${actual}, expected ${expected}`);
			}
			for (const [route, options, tolerance] of scales) {
				const expected = values[route];
				if (expected === undefined) continue;
				const actual = await msSsim(options).value(reference, image);
				t.true(close(actual, expected, tolerance), `${route}: got ${actual}, expected ${expected}`);
			}
			t.true("ssim_piq_no_downsample" in values);
		});
		const swappedExpected = values["ssim_gray_swapped_skimage_default"];
		if (swappedExpected === undefined) continue;
		test(`SSIM of the grey pictures that AGA-GAN's script makes of ${name}, ${folder}, is reproduced`, async (t) => {
			// That script hands RGB pictures to a conversion that expects BGR.
			const swapped = (picture: Picture): Picture => {
				const bgr = picture.data.map((_, at) => picture.data[at - (at % 3) + 2 - (at % 3)] as number);
				return { data: opencvGray(bgr), height: picture.height, width: picture.width, channels: 1 };
			};
			const reference = swapped(golden.picture(`${name}/ref`));
			t.deepEqual(reference.data, golden.picture(`${name}/ref_gray_swapped`).data);
			const actual = await ssim().value(reference, swapped(golden.picture(`${name}/dist`)));
			t.true(close(actual, swappedExpected, 1e-9), `got ${actual}, expected ${swappedExpected}`);
		});
	}
	if (cases.some(({ name }) => name === "butterfly_jpeg30")) {
		test(`the map of SSIM of ${folder} is reproduced`, (t) => {
			const [x] = planes(golden.picture("butterfly_jpeg30/ref"));
			const [y] = planes(golden.picture("butterfly_jpeg30/dist"));
			if (x === undefined || y === undefined) return t.fail("no plane");
			const window = { kind: "gaussian", size: 11 } as const;
			const { map } = ssimMap(x, y, { window, range: 255, map: true });
			const expected = golden.float64("butterfly_jpeg30/ssim_map_red");
			// Stored as float32.
			t.true(map?.data.every((value, at) => close(value, expected[at] as number, 2 ** -23)));
			t.is(map?.data.length, expected.length);
		});
	}
}

/**
 * scikit-image's own check: its picture camera with noise of deviation 20 from RandomState(5), cut to bytes. Read where
 * FOVEA_DATA names the folder of data sets.
 */
const data = process.env["FOVEA_DATA"];
if (data !== undefined) {
	test("the values published for the noisy cameraman are reproduced", async (t) => {
		const image = sharp(join(data, "free", "camera.png")).greyscale();
		const bytes = new Uint8Array(await image.raw().toBuffer());
		const random = new MersenneTwister(5);
		const noise = bytes.map((value) => Math.max(0, Math.min(255, Math.trunc(value + 20 * random.normal()))));
		const sum = (values: Uint8Array): number => values.reduce((total, value) => total + value, 0);
		t.deepEqual([bytes.length, sum(bytes), sum(noise)], [512 * 512, 33_832_495, 33_823_161]);
		const picture = (data: Uint8Array): Picture => ({ data, height: 512, width: 512, channels: 1 });
		const [clean, noisyPicture] = [picture(bytes), picture(noise)];
		// Another order of the same float64 sums.
		const near = (actual: number, expected: number): void => {
			t.true(close(actual, expected, 1e-11), `${actual} ${expected}`);
		};
		near(await psnr().value(clean, noisyPicture), 22.40935284991332);
		near(await ssim().value(clean, noisyPicture), 0.36745183279103666);
		near(await ssim({ protocol: "wang2004" }).value(clean, noisyPicture), 0.3579642362365813);
		const sample = ssim({ protocol: "wang2004", sampleCovariance: true });
		near(await sample.value(clean, noisyPicture), 0.3572871789116997);
		near(await ssim({ protocol: "piq" }).value(clean, noisyPicture), 0.6244639495511667);
		near(await ssim({ protocol: "matlab" }).value(clean, noisyPicture), 0.6244639495511667);
	});
}

function noisy(scale: number, side = 40): [Picture, Picture] {
	const random = Random.seed(8);
	const data = Uint8Array.from({ length: side * side }, (_, at) => 128 + 60 * Math.sin(at / 5) * Math.cos(at / 211));
	const noise = random.normals(side * side);
	const image = data.map((value, at) => Math.max(0, Math.min(255, Math.round(value + scale * (noise[at] as number)))));
	return [
		{ data, height: side, width: side, channels: 1 },
		{ data: image, height: side, width: side, channels: 1 },
	];
}

for (const protocol of [
	"skimage",
	"wang2004",
	"matlab",
	"basicsr-y",
	"matlab-y",
	"piq",
	"pyiqa",
	"torchmetrics",
] as const) {
	test(`SSIM by ${protocol} is 1 for equal pictures, symmetric, and falls as noise grows`, async (t) => {
		const metric = ssim({ protocol });
		const [reference, image] = noisy(10);
		t.is(await metric.value(reference, reference), 1);
		// Sums of x² + y² and y² + x² round alike, products too.
		t.is(await metric.value(image, reference), await metric.value(reference, image));
		const values = await Promise.all([2, 10, 30].map(async (scale) => metric.value(...noisy(scale))));
		t.true((values[0] as number) > (values[1] as number) && (values[1] as number) > (values[2] as number));
	});
}

test("three equal channels give the value of one", async (t) => {
	const [reference, image] = noisy(10);
	const tripled = (picture: Picture): Picture => ({
		...picture,
		data: Uint8Array.from({ length: 3 * picture.data.length }, (_, at) => picture.data[Math.floor(at / 3)] as number),
		channels: 3,
	});
	// The mean of three equal numbers: one rounding.
	t.true(close(await ssim().value(tripled(reference), tripled(image)), await ssim().value(reference, image), 1e-15));
});

test("pictures smaller than the window and even windows are refused in one line", async (t) => {
	t.is(await message(t, () => ssim().value(...noisy(1, 6))), "ssim: pictures must be at least 7x7, got 6x6");
	t.is(
		await message(t, () => msSsim().value(...noisy(1, 160))),
		"ms-ssim: pictures must be at least 161x161 (piq), got 160x160",
	);
	t.is(
		await message(t, () => ssim({ window: { kind: "uniform", size: 4 } }).value(...noisy(1))),
		"ssim: window must have an odd size, got 4",
	);
});

async function message(
	t: { throwsAsync(run: () => Promise<unknown>): Promise<Error | undefined> },
	run: () => unknown,
): Promise<string | undefined> {
	return (await t.throwsAsync(async () => run()))?.message;
}
