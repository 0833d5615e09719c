import test from "ava";
import { attentionInside, attentionIou, pointingGame } from "../../metrics/attention.ts";
import { attentionEntropy } from "../../metrics/attention-entropy.ts";
import { changeInside } from "../../metrics/change-inside.ts";
import { largestValues, otsuLevel } from "../../metrics/mask.ts";
import type { Picture } from "../../metrics/metric.ts";
import { seedAgreement } from "../../metrics/seed-agreement.ts";
import { close, Golden, goldenFolders } from "../helpers/golden.ts";

function grid(rows: readonly (readonly number[])[]): Picture {
	return { data: Float64Array.from(rows.flat()), height: rows.length, width: rows[0]?.length ?? 0, channels: 1 };
}

interface Pointing {
	readonly kind?: string;
	readonly per_map?: readonly {
		hit: boolean;
		hit_within_4: boolean;
		hit_within_15: boolean;
		iou_at_half_max: number;
		iou_at_0_2: number;
		energy_inside: number;
	}[];
}

for (const folder of goldenFolders()) {
	test(`pointing, overlap and energy of ${folder} are reproduced`, async (t) => {
		const golden = new Golden<{ other: Pointing[] }>(folder, "segmentation");
		const maps = golden.document.other.find((entry) => entry.kind === "pointing game")?.per_map ?? [];
		t.is(maps.length, 3);
		for (const [at, expected] of maps.entries()) {
			const map = golden.picture(`pointing/map${at}`);
			const mask = golden.picture(`pointing/mask${at}`);
			t.is(await pointingGame().value(mask, map), Number(expected.hit));
			t.is(await pointingGame({ within: 4 }).value(mask, map), Number(expected.hit_within_4));
			t.is(await pointingGame({ within: 15 }).value(mask, map), Number(expected.hit_within_15));
			// The file's own tolerance for numbers that are not counts.
			const tolerance = 1e-9;
			t.true(close(await attentionIou({ threshold: 0.5 }).value(mask, map), expected.iou_at_half_max, tolerance));
			t.true(close(await attentionIou({ threshold: 0.2 }).value(mask, map), expected.iou_at_0_2, tolerance));
			t.true(close(await attentionInside().value(mask, map), expected.energy_inside, tolerance));
		}
	});
}

const mask = grid([
	[0, 0, 0, 0],
	[0, 1, 1, 0],
	[0, 1, 1, 0],
	[0, 0, 0, 0],
]);

test("a map equal to the mask scores 1 by every rule", async (t) => {
	for (const threshold of ["same-area", "otsu", 0.5] as const) {
		t.is(await attentionIou({ threshold }).value(mask, mask), 1);
	}
	t.is(await attentionInside().value(mask, mask), 1);
	t.is(await pointingGame().value(mask, mask), 1);
});

test("scores do not change when a map is scaled or mirrored together with its mask", async (t) => {
	const map = grid([
		[1, 2, 3, 4],
		[5, 9, 7, 8],
		[4, 3, 6, 1],
		[0, 2, 1, 0],
	]);
	const flip = (picture: Picture): Picture => ({ ...picture, data: Float64Array.from(picture.data).reverse() });
	const scaled = { ...map, data: Float64Array.from(map.data, (value) => value * 8) };
	for (const metric of [attentionIou(), attentionIou({ threshold: "otsu" }), attentionInside(), pointingGame()]) {
		const value = await metric.value(mask, map);
		t.is(await metric.value(mask, scaled), value, metric.id);
		t.is(await metric.value(flip(mask), flip(map)), value, metric.id);
	}
});

test("same-area keeps as many pixels as the mask has, ties in row order", (t) => {
	t.deepEqual([...largestValues(grid([[3, 1, 3, 3]]), 2).data], [1, 0, 1, 0]);
});

test("Otsu's level separates two groups", (t) => {
	const level = otsuLevel(grid([[0, 0.1, 0.2, 0.1, 5, 5.1, 5.2, 4.9]]));
	t.true(level > 0.2 && level <= 4.9, String(level));
});

test("the share of change inside the mask counts every channel", (t) => {
	const source: Picture = { data: new Uint8Array(8), height: 2, width: 2, channels: 2 };
	const edited: Picture = { ...source, data: Uint8Array.from([0, 0, 0, 0, 6, 0, 1, 1]) };
	const inside = grid([
		[0, 0],
		[1, 0],
	]);
	t.is(changeInside(source, edited, inside), 6 / 8);
	t.is(changeInside(source, source, inside), Number.NaN);
});

test("entropy is 1 for an even map, 0 for a point, ln 4 in nats for four equal values", (t) => {
	t.is(attentionEntropy(grid([[0, 3, 0]])), 0);
	t.true(close(attentionEntropy(grid([[2, 2, 2]])), 1, 1e-15));
	t.true(close(attentionEntropy(grid([[1, 1, 1, 1, 0]]), { normalised: false }), Math.log(4), 1e-15));
});

test("maps of several seeds agree fully when equal, and less when one differs", (t) => {
	const first = grid([[1, 2, 3, 4, 5]]);
	const reversed = grid([[5, 4, 3, 2, 1]]);
	const same = seedAgreement([first, first, first]);
	t.true(close(same.correlation, 1, 1e-15));
	t.is(same.iou, 1);
	t.true(close(seedAgreement([first, reversed]).correlation, -1, 1e-15));
	t.is(seedAgreement([first, reversed]).iou, 0);
});

test("a map saved with its channel three times is that map, and colours are none", async (t) => {
	const map = grid([[1, 2, 5, 3]]);
	const thrice = {
		...map,
		channels: 3,
		data: Uint8Array.from({ length: 12 }, (_, at) => map.data[Math.floor(at / 3)] as number),
	};
	const inside = grid([[0, 0, 1, 1]]);
	for (const metric of [attentionIou(), attentionInside(), pointingGame()]) {
		t.is(await metric.value(inside, thrice), await metric.value(inside, map), metric.id);
	}
	t.is(attentionEntropy(thrice), attentionEntropy(map));
	t.true(close(seedAgreement([map, thrice]).correlation, 1, 1e-15));
	thrice.data[4] = 9;
	t.throws(() => attentionEntropy(thrice), {
		message: "attention-entropy: a map must have 1 channel, or 3 equal ones, got colours",
	});
});

test("bad masks and maps are refused in one line", async (t) => {
	const metric = attentionIou();
	const map = grid([[1, 2]]);
	const run = async (reference: Picture, image: Picture): Promise<string | undefined> =>
		(await t.throwsAsync(async () => metric.value(reference, image), { instanceOf: RangeError }))?.message;
	t.is(await run(grid([[1, 0, 0]]), map), "attention-iou: mask and picture must have equal sizes, got 1x3 and 1x2");
	t.is(await run(grid([[0, 0]]), map), "attention-iou: the true mask must have a pixel inside, got none");
	t.is(await run(grid([[1, 0]]), grid([[0, 0]])), "attention-iou: a map must have a value above 0, got none");
	t.is(
		await run(grid([[1, 0]]), grid([[Number.NaN, 0]])),
		"attention-iou: a map's values must be finite and at least 0, got NaN",
	);
});
