import test from "ava";
import { Random } from "../../engine/random.ts";
import type { Picture } from "../../metrics/metric.ts";
import { type PsnrProtocol, psnr } from "../../metrics/psnr.ts";
import { close, Golden, goldenFolders } from "../helpers/golden.ts";

interface Case {
	readonly name: string;
	readonly values: Record<string, number | string>;
}

/** The files' own tolerances: float64 and wrapped routes 1e-9, torchmetrics 1e-6. */
const routes: [name: string, protocol: PsnrProtocol, crop: number, tolerance: number][] = [
	["psnr_skimage", "skimage", 0, 1e-9],
	["psnr_shave4", "basicsr", 4, 1e-9],
	["psnr_uint8_wrap", "uint8-wrap", 0, 1e-9],
	["psnr_torchmetrics", "torchmetrics", 0, 1e-6],
	["psnr_piq", "piq", 0, 1e-9],
	["psnr_y_shave0", "basicsr-y", 0, 1e-9],
	["psnr_y_shave4", "basicsr-y", 4, 1e-9],
	["psnr_y_rounded_shave4", "matlab-y", 4, 1e-9],
];

for (const folder of goldenFolders()) {
	const golden = new Golden<{ cases: Case[] }>(folder, "full_reference");
	for (const { name, values } of golden.document.cases) {
		test(`PSNR of ${name}, ${folder}, is reproduced`, async (t) => {
			const reference = golden.picture(`${name}/ref`);
			const image = golden.picture(`${name}/dist`);
			t.true("psnr_skimage" in values);
			for (const [route, protocol, crop, tolerance] of routes) {
				const expected = values[route];
				if (expected === undefined) continue;
				const actual = await psnr({ protocol, crop }).value(reference, image);
				t.true(close(actual, Number(expected), tolerance), `${route}: got ${actual}, expected ${expected}`);
			}
		});
	}
}

function random(seed: number, floats = false): Picture {
	const bytes = Uint8Array.from({ length: 12 * 10 * 3 }, (_, at) => Random.seed(seed).split(at).integer(256));
	return { data: floats ? Float64Array.from(bytes, (byte) => byte / 255) : bytes, height: 12, width: 10, channels: 3 };
}

test("PSNR is symmetric and the same on 0 to 1 as on bytes", async (t) => {
	const value = await psnr().value(random(1), random(2));
	t.is(await psnr().value(random(2), random(1)), value);
	// Bytes over 255 in float64: a few roundings.
	t.true(close(await psnr({ range: 1 }).value(random(1, true), random(2, true)), value, 1e-12));
});

test("PSNR falls as noise grows, and a tenfold error costs 20 dB", async (t) => {
	const reference: Picture = { data: new Float64Array(400).fill(0.5), height: 20, width: 20, channels: 1 };
	const noise = Random.seed(3).normals(400);
	const at = async (scale: number): Promise<number> =>
		psnr({ range: 1 }).value(reference, { ...reference, data: Float64Array.from(noise, (z) => 0.5 + scale * z) });
	const [small, medium, large] = [await at(0.001), await at(0.01), await at(0.1)];
	t.true(close(small - medium, 20, 1e-9) && close(medium - large, 20, 1e-9));
});

test("the wrapped PSNR equals the plain one while no difference exceeds 15", async (t) => {
	const reference = random(4);
	const near = { ...reference, data: Uint8Array.from(reference.data, (byte) => (byte > 15 ? byte - 15 : byte + 15)) };
	// 20 log10(255 / sqrt(mse)) against 10 log10(255² / mse): rounding of logarithms.
	t.true(
		close(await psnr({ protocol: "uint8-wrap" }).value(reference, near), await psnr().value(reference, near), 1e-12),
	);
});

test("bad pictures and options are refused in one line", async (t) => {
	const message = async (run: () => unknown): Promise<string | undefined> =>
		(await t.throwsAsync(async () => run()))?.message;
	const picture = random(1);
	t.is(
		await message(() => psnr().value(picture, { ...picture, height: 10, width: 12 })),
		"psnr: images must have equal shapes, got [12,10,3] and [10,12,3]",
	);
	t.is(
		await message(() => psnr().value(random(1, true), random(2, true))),
		"psnr: pictures of floats need a range (1 or 255), got none",
	);
	t.is(
		await message(() => psnr({ range: 1, protocol: "basicsr-y" }).value(random(1, true), random(2, true))),
		"psnr: protocol basicsr-y needs values on 0 to 255, got range 1",
	);
	t.is(await message(() => psnr({ crop: 5 }).value(picture, picture)), "crop: must leave a pixel of 12x10, got 5");
	const broken = random(1, true);
	broken.data[7] = Number.NaN;
	t.is(await message(() => psnr({ range: 1 }).value(broken, broken)), "psnr: values must be finite, got NaN at 7");
	t.regex(
		(await message(() => psnr({ protocol: "ssimulacra" as PsnrProtocol }))) ?? "",
		/^psnr: protocol must be one of/,
	);
});
