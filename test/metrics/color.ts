import test from "ava";
import {
	opencvGray,
	opencvYcrcb,
	pillowGray,
	pillowYcbcr,
	rgbToHsv,
	rgbToLab,
	rgbToYcbcr,
	rgbToYiq,
	skimageGray,
	ycbcrToRgb,
} from "../../metrics/color.ts";
import { close, Golden, goldenFolders } from "../helpers/golden.ts";

for (const folder of goldenFolders()) {
	const golden = new Golden<unknown>(folder, "color");
	const rgb = golden.int32("rgb");
	// The files' own tolerances: float64 1e-9; the way back 1e-6, since scikit-image inverts its matrix numerically.
	for (const [name, actual, tolerance] of [
		["ycbcr_float64", rgbToYcbcr(rgb), 1e-9],
		["back_from_float64", ycbcrToRgb(golden.float64("ycbcr_float64")), 1e-6],
		["back_from_uint8", ycbcrToRgb(golden.float64("ycbcr_uint8")), 1e-6],
		["skimage_gray_float64", skimageGray(rgb), 1e-9],
		["skimage_yiq_float64", rgbToYiq(rgb), 1e-9],
		["skimage_hsv_float64", rgbToHsv(rgb), 1e-9],
		["skimage_lab_float64", rgbToLab(rgb), 1e-9],
		["ycbcr_uint8", rgbToYcbcr(rgb).map((value) => Math.floor(value + 0.5)), 0],
		["opencv_gray_uint8", Float64Array.from(opencvGray(rgb)), 0],
		["opencv_ycrcb_uint8", Float64Array.from(opencvYcrcb(rgb)), 0],
		["pillow_L_uint8", Float64Array.from(pillowGray(rgb)), 0],
		["pillow_ycbcr_uint8", Float64Array.from(pillowYcbcr(rgb)), 0],
	] as const) {
		test(`${name} of ${folder} is reproduced`, (t) => {
			const expected = golden.float64(name);
			t.is(actual.length, expected.length);
			const wrong = actual.findIndex((value, at) => !close(value, expected[at] as number, tolerance));
			t.is(wrong, -1, `row ${Math.floor(wrong / 3)}: got ${actual[wrong]}, expected ${expected[wrong]}`);
		});
	}
}

test("grey bytes have no colour", (t) => {
	const grey = [77, 77, 77];
	const lab = rgbToLab(grey);
	// D65 white and the matrix' row sums agree to 1e-5 relative, which L*a*b* stretches by up to 500.
	t.true(Math.abs(lab[1] as number) < 0.01 && Math.abs(lab[2] as number) < 0.01);
	t.deepEqual([...pillowYcbcr(grey)], [77, 128, 128]);
	t.deepEqual([...opencvYcrcb(grey)], [77, 128, 128]);
	t.deepEqual([...rgbToHsv(grey)], [0, 0, 77 / 255]);
});

test("rows of other than three channels are refused", (t) => {
	t.is(t.throws(() => rgbToYcbcr([1, 2]))?.message, "color: rows must have 3 channels, got 2 values");
});
