import { join } from "node:path";
import test from "ava";
import { Random } from "../../engine/random.ts";
import { readPicture } from "../../harness/pictures.ts";
import type { Picture } from "../../metrics/metric.ts";
import { fitNiqe, niqe, niqeParameters } from "../../metrics/niqe.ts";
import { close } from "../helpers/golden.ts";

const open = (name: string): Promise<Picture> =>
	readPicture(join("fixtures", "pictures", `${name}.png`), { channels: "own" });

/** `niqe()` of BasicSR 1.4.2 with this package's model, its imresize in float64, on the rounded luma. */
for (const [name, whole, small] of [
	["camera", 3.9389777960970616, 3.3540717090910666],
	["chelsea", 4.300822137612119, 3.6465635320486105],
	["coffee", 4.68622276326134, 3.69051478324223],
] as const) {
	test(`NIQE of ${name} equals BasicSR's`, async (t) => {
		const picture = await open(name);
		// Float64 throughout; in saturated parts rounding decides the sign of zeros, which moves a feature by about 1e-4.
		for (const [blockSize, wanted] of [
			[96, whole],
			[64, small],
		] as const) {
			const got = await niqe({ blockSize }).value(picture, picture);
			t.true(close(got, wanted, 0, 1e-3), `${blockSize}: got ${got}, expected ${wanted}`);
		}
	});
}

test("noise and blur make a photograph less natural, the more the worse", async (t) => {
	const picture = await open("chelsea");
	const random = Random.seed(1);
	const unit = Float64Array.from(picture.data, () => random.normal());
	const noisy = (deviation: number): Picture => ({
		...picture,
		data: Uint8Array.from(picture.data, (value, at) =>
			Math.max(0, Math.min(255, Math.round(value + deviation * (unit[at] as number)))),
		),
	});
	const values: number[] = [];
	for (const deviation of [0, 10, 30]) values.push(await niqe().value(picture, noisy(deviation)));
	t.true((values[0] as number) < (values[1] as number) && (values[1] as number) < (values[2] as number), `${values}`);
});

test("the reference is not looked at", async (t) => {
	const [picture, other] = [await open("chelsea"), await open("coffee")];
	t.is(niqe().judges, "image");
	t.is(await niqe().value(other, picture), await niqe().value(picture, picture));
});

test("a model fitted on pictures says where they lie", async (t) => {
	const pictures = [await open("chelsea"), await open("coffee"), await open("camera")];
	const own = fitNiqe("three", pictures, { sharpest: 0.1 });
	t.is(own.name, "three");
	t.is(own.mean.length, 36);
	// The mean of the blocks that made it is nearer to the pictures than another model's.
	for (const picture of pictures) {
		const [near, far] = [niqe({ parameters: own }), niqe({ parameters: { ...own, mean: own.mean.map((x) => x + 1) } })];
		t.true((await near.value(picture, picture)) < (await far.value(picture, picture)));
	}
	t.throws(() => fitNiqe("none", []), { message: "niqe: a model needs more than 36 sharp blocks, got 0" });
});

test("pictures without two blocks, or without texture, are refused", async (t) => {
	const flat = (side: number): Picture => ({
		data: new Uint8Array(side * side),
		height: side,
		width: side,
		channels: 1,
	});
	await t.throwsAsync(async () => niqe().value(flat(120), flat(120)), {
		message: "niqe: pictures must hold two blocks of 96×96, got 120×120",
	});
	await t.throwsAsync(async () => niqe().value(flat(87), flat(87)), {
		message: "niqe: pictures must hold two blocks of 96×96, got 87×87",
	});
	await t.throwsAsync(async () => niqe().value(flat(192), flat(192)), { message: /must have texture, got 0 of 4/ });
	t.is(niqeParameters().covariance.length, 36 * 36);
});
