/** Rules that make the classes of a training set equally frequent, as positions in it. */
import type { Random } from "../engine/random.ts";

/** Every picture, and pictures of the rarer classes again, drawn at random, until all classes are as frequent as the largest. */
export function overSampled(classes: ArrayLike<number>, random: Random): Int32Array {
	const members = byClass(classes);
	const most = Math.max(...[...members.values()].map(({ length }) => length));
	const repeats = [...members].flatMap(([label, rows]) => {
		const draw = random.split(label);
		return Array.from({ length: most - rows.length }, () => rows[draw.integer(rows.length)] as number);
	});
	return Int32Array.from([...Array.from({ length: classes.length }, (_, row) => row), ...repeats]);
}

/** As many pictures of every class as the rarest has, drawn at random, in the order they had. */
export function underSampled(classes: ArrayLike<number>, random: Random): Int32Array {
	const members = byClass(classes);
	const least = Math.min(...[...members.values()].map(({ length }) => length));
	return drawnOf(members, () => least, random);
}

/** A share of each class, at least one picture, drawn at random, in the order they had. */
export function shareOf(classes: ArrayLike<number>, share: number, random: Random): Int32Array {
	if (!(share > 0 && share <= 1)) throw new RangeError(`share: must be in (0, 1], got ${share}`);
	return drawnOf(byClass(classes), (count) => Math.ceil(count * share), random);
}

function drawnOf(members: Map<number, number[]>, count: (of: number) => number, random: Random): Int32Array {
	const chosen = [...members].flatMap(([label, rows]) => {
		const order = random.split(label).permutation(rows.length);
		return [...order.subarray(0, count(rows.length))].map((place) => rows[place] as number);
	});
	return Int32Array.from(chosen).sort();
}

function byClass(classes: ArrayLike<number>): Map<number, number[]> {
	if (classes.length === 0) throw new RangeError("classes: must hold at least one picture, got none");
	const members = new Map<number, number[]>();
	for (let row = 0; row < classes.length; row += 1) {
		const label = classes[row] as number;
		const rows = members.get(label);
		if (rows === undefined) members.set(label, [row]);
		else rows.push(row);
	}
	return members;
}
