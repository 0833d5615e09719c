import test from "ava";
import { Random } from "../../engine/random.ts";
import { colourDistance } from "../../metrics/colour-distance.ts";
import type { Picture } from "../../metrics/metric.ts";
import { close } from "../helpers/golden.ts";

const metric = colourDistance();
const picture = (data: readonly number[], channels: number): Picture => ({
	data: Uint8Array.from(data),
	height: 1,
	width: data.length / channels,
	channels,
});

test("the same colours in another order are no distance, black and white are one", async (t) => {
	const random = Random.seed(3);
	const values = Array.from({ length: 64 }, () => random.integer(256));
	t.is(await metric.value(picture(values, 1), picture(values.toReversed(), 1)), 0);
	t.is(await metric.value(picture([0, 0, 0], 3), picture([255, 255, 255], 3)), 1);
});

test("a shift of one channel by c of 255 is a third of c / 255", async (t) => {
	const values = Array.from({ length: 30 }, (_, at) => 3 * at);
	const moved = values.map((value, at) => (at % 3 === 1 ? value + 60 : value));
	t.true(close(await metric.value(picture(values, 3), picture(moved, 3)), 60 / 255 / 3, 1e-15));
});

test("it is scipy's Wasserstein distance", async (t) => {
	// scipy.stats.wasserstein_distance([3, 200, 7, 90, 41], [11, 0, 250, 90, 60]) of SciPy 1.17.
	const value = await metric.value(picture([3, 200, 7, 90, 41], 1), picture([11, 0, 250, 90, 60], 1));
	t.true(close(value * 255, 15.2, 1e-13), `${value * 255}`);
});
