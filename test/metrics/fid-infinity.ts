import test from "ava";
import { Random } from "../../engine/random.ts";
import { fid } from "../../metrics/fid.ts";
import { fidInfinity } from "../../metrics/fid-infinity.ts";
import type { Features } from "../../metrics/metric.ts";

test("it takes the size of the fake set out: two draws of one distribution come near 0, where FID does not", async (t) => {
	const [real, fake] = [normals(1, 20_000, 8), normals(2, 1500, 8)];
	const plain = (await fid().measure(real, fake)).value;
	const { value, details } = await fidInfinity().measure(real, fake);
	// FID of 1500 rows of 8 is biased by about 0.02; what the line leaves is a fraction of that.
	t.true(plain > 0.01);
	t.true(Math.abs(value) < plain / 2, `${value} against ${plain}`);
	t.true((details?.["slope"] ?? 0) > 0);
});

test("the same seed gives the same value; a fake set too small for the line is refused", async (t) => {
	const [real, fake] = [normals(3, 200, 4), normals(4, 100, 4, 1)];
	const once = async () => (await fidInfinity({ smallest: 20, points: 4, seed: 5 }).measure(real, fake)).value;
	t.is(await once(), await once());
	await t.throwsAsync(async () => fidInfinity({ smallest: 60 }).measure(real, fake), {
		message: "fid-infinity: fake must have at least 120 rows (twice the smallest size), got 100",
	});
});

function normals(seed: number, count: number, dimensions: number, shift = 0): Features {
	return { data: Float64Array.from(Random.seed(seed).normals(count * dimensions, shift)), count, dimensions };
}
