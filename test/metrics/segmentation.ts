import test from "ava";
import { componentSizes } from "../../metrics/components.ts";
import { dice, softDice } from "../../metrics/dice.ts";
import { insideDistances, type Spacing, squaredDistances } from "../../metrics/distance-transform.ts";
import { border, hd95, surfaceDistances } from "../../metrics/hd95.ts";
import { iou } from "../../metrics/iou.ts";
import { logLoss } from "../../metrics/log-loss.ts";
import { insideCount, maskCounts } from "../../metrics/mask.ts";
import type { Picture } from "../../metrics/metric.ts";
import { averagePrecisionOf, rocArea } from "../../metrics/roc.ts";
import { quantile } from "../../metrics/statistics/quantile.ts";
import { close, Golden, goldenFolders } from "../helpers/golden.ts";

interface Case {
	readonly name: string;
	readonly true: string;
	readonly pred: string;
	readonly spacing: [number, number];
	readonly values: Readonly<Record<string, number | null>>;
}
interface Soft {
	readonly prob?: string;
	readonly kind?: string;
	readonly soft_dice_plain: number;
	readonly soft_dice_squared: number;
	readonly bce: number;
	readonly pixel_auc: number;
	readonly pixel_ap: number;
	readonly components_4: number;
	readonly sizes_4: number[];
	readonly noisy_true_components_8: number;
	readonly noisy_true_components_4: number;
}

const mean = (values: ArrayLike<number>): number =>
	Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

for (const folder of goldenFolders()) {
	const golden = new Golden<{ cases: Case[]; other: Soft[] }>(folder, "segmentation");
	for (const { name, true: truthName, pred, spacing, values } of golden.document.cases) {
		test(`${name} at spacing ${spacing}, ${folder}, is reproduced`, async (t) => {
			const truth = golden.picture(truthName);
			const guess = golden.picture(pred);
			const { tp, fp, fn, tn } = maskCounts(truth, guess);
			const { guessToTruth, truthToGuess } = surfaceDistances(truth, guess, spacing);
			const hausdorff = async (options: Parameters<typeof hd95>[0]): Promise<number> =>
				hd95({ ...options, spacing }).value(truth, guess);
			const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
			const actual: Record<string, number | null> = {
				tp,
				fp,
				fn,
				tn,
				dice: await dice().value(truth, guess),
				iou: await iou().value(truth, guess),
				sensitivity: ratio(tp, tp + fn),
				specificity: ratio(tn, tn + fp),
				precision: ratio(tp, tp + fp),
				volume_difference: insideCount(guess) / insideCount(truth) - 1,
				hd_medpy: await hausdorff({ percentile: 100 }),
				hd95_medpy: await hausdorff({ directions: "pooled" }),
				asd_medpy_pred_to_true: mean(guessToTruth),
				// MedPy 0.5.2 takes the mean of both lists pooled.
				assd_medpy: mean([...guessToTruth, ...truthToGuess]),
				hd95_max_of_directed: await hausdorff({}),
				hd95_pred_to_true: quantile(guessToTruth, 0.95),
				border_pixels_pred: insideCount(border(guess)),
				border_pixels_true: insideCount(border(truth)),
				mean_distance_pooled: mean([...guessToTruth, ...truthToGuess]),
				hd95_monai: await hausdorff({}),
				hd_monai: await hausdorff({ percentile: 100 }),
			};
			t.deepEqual(Object.keys(values).sort(), Object.keys(actual).sort());
			for (const [key, expected] of Object.entries(values)) {
				// The file's tolerances: counts exact, MONAI's float32 1e-5, else 1e-9.
				const allowed = Number.isInteger(expected) ? 0 : key.endsWith("monai") ? 1e-5 : 1e-9;
				const value = actual[key] as number | null;
				t.true(
					value === expected || close(value as number, expected as number, Math.max(allowed, 1e-12)),
					`${key}: ${value}, ${expected}`,
				);
			}
		});
	}

	test(`soft overlap, distance transform and components of ${folder} are reproduced`, (t) => {
		const tolerance = 1e-9;
		const [soft, , parts] = golden.document.other;
		if (soft === undefined || parts === undefined) return t.fail("the file lacks an entry");
		const truth = golden.float64("soft/true");
		const chances = golden.float64("soft/prob");
		t.true(close(softDice(truth, chances), soft.soft_dice_plain, tolerance));
		t.true(close(softDice(truth, chances, { squared: true }), soft.soft_dice_squared, tolerance));
		t.true(close(logLoss().value(Int32Array.from(truth), chances), soft.bce, tolerance));
		t.true(close(rocArea(truth, chances), soft.pixel_auc, tolerance));
		t.true(close(averagePrecisionOf(truth, chances), soft.pixel_ap, tolerance));
		const expected = golden.float64("edt/shifted_disks_true_float64");
		const distances = insideDistances(golden.picture("shifted_disks/true"));
		t.true(distances.every((distance, at) => close(distance, expected[at] as number, tolerance)));
		const sizes = componentSizes(golden.picture("two_parts/true"));
		t.is(sizes.length, parts.components_4);
		t.deepEqual(
			sizes.sort((a, b) => a - b),
			parts.sizes_4.toSorted((a, b) => a - b),
		);
		t.is(componentSizes(golden.picture("noisy/true")).length, parts.noisy_true_components_4);
		t.is(componentSizes(golden.picture("noisy/true"), { neighbours: 8 }).length, parts.noisy_true_components_8);
	});
}

function mask(...rows: string[]): Picture {
	const data = Uint8Array.from(rows.join(""), (mark) => (mark === "#" ? 255 : 0));
	return { data, height: rows.length, width: rows[0]?.length ?? 0, channels: 1 };
}

test("overlaps are symmetric, 1 for equal masks, and 2 iou / (1 + iou) is dice", async (t) => {
	const [a, b] = [mask("##..", "###."), mask("..##", ".###")];
	t.is(await dice().value(a, b), await dice().value(b, a));
	t.is(await dice().value(a, a), 1);
	const overlap = await iou().value(a, b);
	t.true(close(await dice().value(a, b), (2 * overlap) / (1 + overlap), 1e-15));
	t.is(await dice().value(mask("...."), mask("....")), 1);
	t.is(await iou().value(mask("...."), mask("#...")), 0);
});

test("a mask of several channels is inside where any of them is", async (t) => {
	const rgb: Picture = { data: Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 255), height: 1, width: 3, channels: 3 };
	t.is(await iou().value(rgb, mask("#.#")), 1);
});

test("distances scale with the spacing", async (t) => {
	const [a, b] = [mask("#....", ".....", "....."), mask(".....", ".....", "...#.")];
	const spacing = (unit: number): Spacing => [unit, unit];
	t.true(close(await hd95().value(a, b), Math.hypot(2, 3), 1e-12));
	t.true(close(await hd95({ spacing: spacing(3) }).value(a, b), 3 * Math.hypot(2, 3), 1e-12));
	t.true(squaredDistances(mask("...")).every((distance) => distance === Number.POSITIVE_INFINITY));
});

test("unequal sizes and empty masks are refused in one line", async (t) => {
	const run = async (run: () => unknown): Promise<string | undefined> =>
		(await t.throwsAsync(async () => run()))?.message;
	t.is(await run(() => dice().value(mask("#."), mask("#"))), "dice: masks must have equal sizes, got 1x2 and 1x1");
	t.is(
		await run(() => hd95().value(mask("#."), mask(".."))),
		"surface distance: both masks must have a pixel inside, got an empty one",
	);
});
