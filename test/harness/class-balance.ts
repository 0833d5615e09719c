import test from "ava";
import { Random } from "../../engine/random.ts";
import { overSampled, shareOf, underSampled } from "../../harness/class-balance.ts";

const classes = [0, 0, 0, 0, 0, 1, 0, 1, 0, 0];
const random = () => Random.seed(1);
const count = (rows: Int32Array, label: number) => rows.filter((row) => classes[row] === label).length;

test("over-sampling keeps every picture and repeats those of the rarer class until both are as many", (t) => {
	const rows = overSampled(classes, random());
	t.deepEqual([...rows.subarray(0, 10)], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
	t.deepEqual([count(rows, 0), count(rows, 1)], [8, 8]);
	// Six draws of two pictures show both but for one chance in 32 and this seed.
	t.deepEqual(new Set(rows.subarray(10)), new Set([5, 7]));
});

test("under-sampling keeps as many of every class as the rarest has, none twice, in their order", (t) => {
	const rows = underSampled(classes, random());
	t.deepEqual([count(rows, 0), count(rows, 1)], [2, 2]);
	t.is(new Set(rows).size, 4);
	t.deepEqual(
		[...rows],
		[...rows].sort((a, b) => a - b),
	);
});

test("balanced classes are left as they are by both rules", (t) => {
	t.deepEqual([...overSampled([1, 0, 0, 1], random())], [0, 1, 2, 3]);
	t.deepEqual([...underSampled([1, 0, 0, 1], random())], [0, 1, 2, 3]);
});

test("a share takes its part of each class, at least one picture", (t) => {
	const rows = shareOf(classes, 1 / 8, random());
	t.deepEqual([count(rows, 0), count(rows, 1)], [1, 1]);
	t.deepEqual([...shareOf(classes, 1, random())], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
	t.throws(() => shareOf(classes, 0, random()), { message: "share: must be in (0, 1], got 0" });
});

test("the same seed draws the same pictures, another seed others", (t) => {
	const many = Array.from({ length: 100 }, (_, index) => (index % 5 === 0 ? 1 : 0));
	t.deepEqual(underSampled(many, Random.seed(3)), underSampled(many, Random.seed(3)));
	t.notDeepEqual(underSampled(many, Random.seed(3)), underSampled(many, Random.seed(4)));
	t.throws(() => overSampled([], random()), { message: "classes: must hold at least one picture, got none" });
});
