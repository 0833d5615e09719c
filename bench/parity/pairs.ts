/** Metrics of pairs of pictures, and resizers, against the golden numbers. */
import { fsim } from "../../metrics/fsim.ts";
import { issm } from "../../metrics/issm.ts";
import { lpipsLayer } from "../../metrics/lpips.ts";
import type { PairedMetric } from "../../metrics/metric.ts";
import { msSsim } from "../../metrics/ms-ssim.ts";
import { psnr } from "../../metrics/psnr.ts";
import { matlabResize } from "../../metrics/resize/matlab.ts";
import { rmse } from "../../metrics/rmse.ts";
import { sam } from "../../metrics/sam.ts";
import { sre } from "../../metrics/sre.ts";
import { ssim } from "../../metrics/ssim.ts";
import { uiq } from "../../metrics/uiq.ts";
import { Golden } from "../../test/helpers/golden.ts";
import { type Comparison, named, type Versions } from "./row.ts";

export async function* pairComparisons(folder: string): AsyncGenerator<Comparison> {
	yield* fullReference(folder);
	yield* similarity(folder);
	yield* perceptual(folder);
	yield* imresize(folder);
}

type Route = readonly [name: string, metric: string, library: string, PairedMetric, tolerance: number];

const routes: readonly Route[] = [
	["psnr_skimage", "PSNR skimage", "scikit-image", psnr(), 1e-9],
	["psnr_torchmetrics", "PSNR torchmetrics", "torchmetrics", psnr({ protocol: "torchmetrics" }), 1e-6],
	["psnr_piq", "PSNR piq", "piq", psnr({ protocol: "piq" }), 1e-9],
	["psnr_y_shave4", "PSNR basicsr-y, crop 4", "numpy", psnr({ protocol: "basicsr-y", crop: 4 }), 1e-9],
	["psnr_y_rounded_shave4", "PSNR matlab-y, crop 4", "numpy", psnr({ protocol: "matlab-y", crop: 4 }), 1e-9],
	["psnr_uint8_wrap", "PSNR uint8-wrap", "numpy", psnr({ protocol: "uint8-wrap" }), 1e-9],
	["ssim_skimage_default_7x7", "SSIM skimage", "scikit-image", ssim(), 1e-9],
	["ssim_skimage_gaussian", "SSIM wang2004", "scikit-image", ssim({ protocol: "wang2004" }), 1e-9],
	["ssim_piq_downsample", "SSIM piq", "piq", ssim({ protocol: "piq" }), 1e-9],
	["ssim_torchmetrics", "SSIM torchmetrics", "torchmetrics", ssim({ protocol: "torchmetrics" }), 1e-6],
	["ssim_basicsr_shave4", "SSIM basicsr, crop 4", "numpy", ssim({ protocol: "basicsr", crop: 4 }), 1e-9],
	["ssim_y_shave4", "SSIM basicsr-y, crop 4", "numpy", ssim({ protocol: "basicsr-y", crop: 4 }), 1e-9],
	["ssim_y_rounded_shave4", "SSIM matlab-y, crop 4", "numpy", ssim({ protocol: "matlab-y", crop: 4 }), 1e-9],
	["piq", "MS-SSIM piq", "piq", msSsim({ protocol: "piq" }), 1e-9],
	["torchmetrics_relu", "MS-SSIM torchmetrics", "torchmetrics", msSsim({ protocol: "torchmetrics" }), 1e-6],
];

async function* fullReference(folder: string): AsyncGenerator<Comparison> {
	type Case = { readonly name: string; readonly values: Readonly<Record<string, number | string>> };
	const golden = new Golden<{ versions: Versions; cases: Case[]; multi_scale: { cases: Case[] } }>(
		folder,
		"full_reference",
	);
	const { versions, cases, multi_scale } = golden.document;
	for (const { name, values } of [...cases, ...multi_scale.cases]) {
		const [reference, image] = [golden.picture(`${name}/ref`), golden.picture(`${name}/dist`)];
		for (const [key, metric, library, measure, tolerance] of routes) {
			if (values[key] === undefined) continue;
			const ours = await measure.value(reference, image);
			yield { metric, reference: named(library, versions), name, ours, theirs: Number(values[key]), tolerance };
		}
	}
}

/** The file's tolerances. */
const measures: readonly (readonly [key: string, metric: string, PairedMetric, tolerance: number])[] = [
	["rmse_max255", "RMSE", rmse(), 1e-5],
	["psnr_max255", "PSNR image-similarity-measures", psnr({ protocol: "image-similarity-measures" }), 1e-5],
	["sre", "SRE", sre(), 1e-5],
	["sam_float64_degrees", "SAM", sam(), 1e-4],
	["sam_uint8_degrees", "SAM uint8-wrap", sam({ protocol: "uint8-wrap" }), 1e-4],
	["uiq", "UIQ", uiq(), 1e-4],
	["fsim", "FSIM", fsim(), 1e-4],
	["issm", "ISSM", issm(), 1e-4],
];

async function* similarity(folder: string): AsyncGenerator<Comparison> {
	const golden = new Golden<{
		versions: Versions;
		cases: { name: string; ref: string; dist: string; values: Record<string, number | string> }[];
	}>(folder, "similarity_measures", "full_reference");
	const reference = named("image-similarity-measures", golden.document.versions);
	for (const { name, ref, dist, values } of golden.document.cases) {
		for (const [key, metric, measure, tolerance] of measures) {
			const ours = await measure.value(golden.picture(ref), golden.picture(dist));
			yield { metric, reference, name, ours, theirs: Number(values[key]), tolerance };
		}
	}
}

async function* perceptual(folder: string): AsyncGenerator<Comparison> {
	const golden = new Golden<{
		versions: Versions;
		cases: { net: string; version: string; layers: number; total_float64: number[]; abs_tolerance: number }[];
	}>(folder, "lpips");
	const map = (name: string, picture: number) => {
		const [, channels, height, width] = golden.array(name).shape as [number, number, number, number];
		const area = height * width;
		const values = golden.float64(name).subarray(picture * channels * area, (picture + 1) * channels * area);
		const data = values.map((_, at) => values[(at % channels) * area + Math.floor(at / channels)] as number);
		return { data, height, width, channels };
	};
	for (const { net, version, layers, total_float64, abs_tolerance: tolerance } of golden.document.cases) {
		for (const [picture, theirs] of total_float64.entries()) {
			let ours = 0;
			for (let layer = 0; layer < layers; layer += 1) {
				const [x, y] = ["x0", "x1"].map((side) => map(`${net}/layer${layer}/${side}`, picture));
				if (x === undefined || y === undefined) continue;
				ours += lpipsLayer(x, y, golden.float64(`${version}/${net}/lin${layer}`));
			}
			const reference = named("lpips", golden.document.versions);
			yield { metric: `LPIPS ${net} ${version}`, reference, name: `picture ${picture}`, ours, theirs, tolerance };
		}
	}
}

/** Differences of whole pictures: the largest one is the number that is compared, with zero. */
async function* imresize(folder: string): AsyncGenerator<Comparison> {
	const golden = new Golden<{
		versions: Versions;
		cases: { input: string; output: string; scale: number; tolerance: string }[];
	}>(folder, "imresize_matlab");
	for (const { input, output, scale, tolerance } of golden.document.cases) {
		if (!output.endsWith("_uint8_mirror") && !output.endsWith("_uint8_clamp")) continue;
		const expected = golden.picture(output);
		const edges = output.endsWith("clamp") ? "clamp" : "mirror";
		const { data } = matlabResize(golden.picture(input), scale, { edges });
		let ours = 0;
		for (const [at, value] of expected.data.entries()) ours = Math.max(ours, Math.abs(value - (data[at] as number)));
		const allowed = tolerance === "exact" ? 0 : Number(tolerance);
		const metric = `MATLAB imresize, ${edges}, largest difference`;
		yield { metric, reference: "numpy from the definition", name: output, ours, theirs: 0, tolerance: allowed };
	}
}
