import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "ava";
import { centreBox, crop, resizeBytes } from "../../harness/resize.ts";

interface Fixture {
	readonly cases: readonly {
		filter: "bilinear" | "bicubic" | "lanczos";
		from: [number, number];
		to: [number, number];
		pixels: number[];
		expected: number[];
	}[];
	readonly squares: readonly { from: number; to: number; sha256: string }[];
}
const fixture = JSON.parse(readFileSync("fixtures/resize/pillow.json", "utf8")) as Fixture;

for (const { filter, from, to, pixels, expected } of fixture.cases) {
	test(`${filter} from ${from} to ${to} equals Pillow's bytes`, (t) => {
		t.deepEqual([...resizeBytes(Uint8Array.from(pixels), 3, from, to, filter)], expected);
	});
}

for (const { from, to, sha256 } of fixture.squares) {
	test(`CelebA's crop of ${from} to ${to} equals Pillow's bytes`, (t) => {
		// The fixture's picture: the high byte of i · 2654435761 modulo 2^32.
		const pixels = Uint8Array.from({ length: from * from * 3 }, (_, index) => Math.imul(index, 2654435761) >>> 24);
		const ours = resizeBytes(pixels, 3, [from, from], [to, to]);
		t.is(createHash("sha256").update(ours).digest("hex"), sha256);
	});
}

test("a resize to the same size copies", (t) => {
	const pixels = Uint8Array.of(1, 2, 3, 4);
	const same = resizeBytes(pixels, 1, [2, 2], [2, 2]);
	t.deepEqual(same, pixels);
	t.not(same, pixels);
});

test("the centre box is CelebA's, and rounds half to even", (t) => {
	t.deepEqual(centreBox(218, 178, 178), { top: 20, left: 0, height: 178, width: 178 });
	t.deepEqual(centreBox(109, 89, 89), { top: 10, left: 0, height: 89, width: 89 });
	t.deepEqual(centreBox(4, 6, 1), { top: 2, left: 2, height: 1, width: 1 });
});

test("a crop takes the pixels of its box", (t) => {
	const pixels = Uint8Array.from({ length: 24 }, (_, index) => index);
	const part = crop(pixels, 4, 2, { top: 1, left: 1, height: 2, width: 2 });
	t.deepEqual([...part], [10, 11, 12, 13, 18, 19, 20, 21]);
});

test("a picture of another length than its shape is refused", (t) => {
	t.throws(() => resizeBytes(new Uint8Array(5), 1, [2, 2], [1, 1]), {
		message: /resize: must have 2×2×1 values, got 5/,
	});
});
