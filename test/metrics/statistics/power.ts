import test from "ava";
import { Random } from "../../../engine/random.ts";
import { detectableDifference, powerNote, samplesNeeded } from "../../../metrics/statistics/power.ts";
import { close } from "../../helpers/golden.ts";

test("the textbook case: half a deviation at 5 % and 80 % power needs 32 pairs", (t) => {
	// (1.95996 + 0.84162)² / 0.25 = 31.4
	t.is(samplesNeeded(0.5, 1), 32);
	t.true(close(detectableDifference(1), 2.8015852181, 1e-9));
});

test("the power promised is the power simulated", (t) => {
	const random = Random.seed(1);
	const count = 50;
	const difference = detectableDifference(1 / Math.sqrt(count));
	let seen = 0;
	for (let trial = 0; trial < 2000; trial += 1) {
		let mean = 0;
		for (let at = 0; at < count; at += 1) mean += (difference + random.normal()) / count;
		if (Math.abs(mean) * Math.sqrt(count) > 1.959963984540054) seen += 1;
	}
	// Four standard errors of a share of 0.8 in 2000 trials.
	t.true(Math.abs(seen / 2000 - 0.8) < 4 * Math.sqrt(0.16 / 2000), String(seen));
});

test("a note is given only when the samples are too few for the claim", (t) => {
	t.is(powerNote(0.5, { spread: 0.1, count: 100 }), undefined);
	t.is(
		powerNote(0.1, { spread: 0.1, count: 100 }),
		"too few samples for the claim: 100 show a difference of 0.28 with 80 % power, the claimed 0.10 needs about 785",
	);
});
