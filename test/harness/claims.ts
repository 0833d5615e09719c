import test from "ava";
import { Random } from "../../engine/random.ts";
import { decide, type TrainingScores } from "../../harness/claims.ts";
import type { Claim } from "../../models/paper.ts";

const claim: Claim = {
	text: "a is better than b",
	where: "Table 1",
	better: "a",
	worse: "b",
	metric: "fid",
	direction: "lower",
};

/** Trainings around the given values, with resamples of the same noise for all. */
function scores(values: readonly number[], belowFloor?: string): TrainingScores[] {
	const noise = Random.seed(5).normals(50, 0, 0.3);
	return values.map((value, index) => ({
		seed: index + 1,
		value,
		resamples: [...noise].map((deviation) => value + deviation),
		belowFloor,
	}));
}

const verdict = (better: TrainingScores[], worse: TrainingScores[], direction: "lower" | "higher" = "lower") =>
	decide({ ...claim, direction }, better, worse, { seed: 1 });

test("a clear gain holds, and its mirror image does not", (t) => {
	const [low, high] = [scores([10, 10.2]), scores([14, 14.3])];
	const held = verdict(low, high);
	t.is(held.verdict, "held");
	// Mean of (14, 14.3) less mean of (10, 10.2).
	t.true(Math.abs(held.measured - 4.05) < 1e-9);
	t.true(held.interval.low > 0 && held.interval.low <= held.measured && held.measured <= held.interval.high);
	t.is(verdict(high, low).verdict, "not-held");
	t.is(verdict(high, low, "higher").verdict, "held");
});

test("trainings that disagree leave a claim undecided", (t) => {
	t.is(verdict(scores([10, 14]), scores([11, 13])).verdict, "undecided");
});

test("trainings of the same seeds are compared in pairs, others by themselves", (t) => {
	const [low, high] = [scores([10, 14, 20]), scores([11, 15.5, 21])];
	const { verdict: paired, interval } = verdict(low, high);
	t.is(paired, "held");
	// Gains of the pairs: 1, 1.5, 1; their means over three draws lie between 1 and 1.5.
	t.true(interval.low >= 1 - 1e-9 && interval.high <= 1.5 + 1e-9);
	const others = high.map((training) => ({ ...training, seed: training.seed + 10 }));
	t.is(verdict(low, others).verdict, "undecided");
});

test("sampling that trainings share cancels out of their difference", (t) => {
	const { interval } = verdict(scores([10]), scores([12]));
	t.true(interval.high - interval.low < 1e-9);
});

test("one training below the floor leaves a claim undecided, and the reason names it", (t) => {
	const result = verdict(scores([10, 10]), scores([14, 14], "under-trained: reconstruction 0.3 over 0.1"));
	t.is(result.verdict, "undecided");
	t.regex(result.why, /b \(seed 1\).*reconstruction 0\.3 over 0\.1; 1 more of 4/);
});

test("the same seed gives the same interval", (t) => {
	const [a, b] = [scores([10, 11]), scores([12, 12.5])];
	t.deepEqual(verdict(a, b), verdict(a, b));
});

test("a side with fewer trainings than wanted decides nothing, and the reason says how many", (t) => {
	const [one, three] = [scores([10]), scores([14, 14.2, 14.1])];
	t.is(decide(claim, one, three, { seed: 1 }).verdict, "held");
	const { verdict, why } = decide(claim, one, three, { seed: 1, wanted: 3 });
	t.is(verdict, "undecided");
	t.is(why, "a was trained from 1 of 3 seeds");
	// Where zero lies in the interval, more trainings are not the first reason.
	t.regex(decide(claim, scores([14]), three, { seed: 1, wanted: 3 }).why, /contains zero/);
});
