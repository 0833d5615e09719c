import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { Random } from "../../../engine/random.ts";
import { agaGanAttributes } from "../../../harness/datasets/celeba.ts";
import { faces } from "../../../harness/datasets/faces.ts";
import { openGuidedFaces } from "../../../harness/datasets/find.ts";
import { attributeVector, guidedFaces, partlyKnown } from "../../../harness/datasets/guided-faces.ts";
import { writePng } from "../../../harness/pictures.ts";
import { resizeBytes } from "../../../harness/resize.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

const sizes = { lowSize: 4, scale: 8 };

test("the vector has CelebA's attributes but necklace and Young, −1 and 1 where known, 0 elsewhere", (t) => {
	t.is(agaGanAttributes.length, 38);
	t.false(agaGanAttributes.includes("Young") || agaGanAttributes.includes("Wearing_Necklace"));
	const vector = attributeVector(["Young", "Male", "Bald"], [1, 1, 0]);
	const named = Object.fromEntries(agaGanAttributes.map((name, at) => [name, vector[at]]));
	t.deepEqual([named["Male"], named["Bald"], named["Smiling"]], [1, -1, 0]);
	t.is(vector.filter((value) => value !== 0).length, 2);
});

test("drawn faces know eleven of the attributes, and both resolutions are made of the drawing itself", async (t) => {
	const set = await openGuidedFaces("faces:train=3,test=2", sizes);
	t.deepEqual([set.count("train"), set.count("test"), set.scale], [3, 2, 8]);
	const { low, high, label } = await set.read("test", 1);
	t.deepEqual([low.height, low.width, high.height, high.width], [4, 4, 32, 32]);
	t.is(label?.filter((value) => value !== 0).length, 11);
	const { pixels } = await faces({ size: 64, count: { train: 3, test: 2 } }).read("test", 1);
	const made = (size: number) => resizeBytes(pixels, 3, [64, 64], [size, size], "lanczos");
	t.deepEqual([low.data, high.data], [made(4), made(32)]);
	// Not of one another.
	t.notDeepEqual(low.data, resizeBytes(high.data, 3, [32, 32], [4, 4], "lanczos"));
	t.regex(set.describe(), /11 of 38 attributes known/);
});

test("CelebA is split in the order of its list, with all 38 attributes", async (t) => {
	const root = await temporaryFolder(t);
	await mkdir(join(root, "img_align_celeba"));
	const names = [...agaGanAttributes, "Wearing_Necklace", "Young"].sort();
	const files = ["000001.jpg", "000002.jpg", "000003.jpg"];
	const rows = files.map(
		(file, row) => `${file} ${names.map((_, at) => ((at + row) % 2 === 0 ? " 1" : "-1")).join(" ")}`,
	);
	await writeFile(join(root, "list_attr_celeba.txt"), `3\n${names.join(" ")}\n${rows.join("\n")}\n`);
	for (const [row, file] of files.entries()) {
		const pixels = new Uint8Array(178 * 218 * 3).fill(50 * (row + 1));
		await writePng(join(root, "img_align_celeba", file), pixels, { height: 218, width: 178, channels: 3 });
	}
	const set = await openGuidedFaces(`celeba:${root}`, { ...sizes, train: 2, test: 1 });
	const first = await set.read("test", 0);
	t.is(first.id, "000003.jpg");
	t.deepEqual([set.count("train"), first.low.data[0], first.high.data.length], [2, 150, 32 * 32 * 3]);
	const expected = agaGanAttributes.map((name) => ((names.indexOf(name) + 2) % 2 === 0 ? 1 : -1));
	t.deepEqual([...(first.label ?? [])], expected);
});

test("29 of 38 are made unknown, others for each face, and the same for the same seed", (t) => {
	const vectors = new Float32Array(3 * 38).fill(1);
	const known = (seed: number) => {
		const partial = partlyKnown(vectors, 38, 29, Random.seed(seed));
		return [0, 1, 2].map((row) => [...partial.subarray(row * 38, (row + 1) * 38)]);
	};
	const rows = known(1);
	for (const row of rows) {
		t.is(row.filter((value) => value === 0).length, 29);
		t.is(row.filter((value) => value === 1).length, 9);
	}
	t.notDeepEqual(rows[0], rows[1]);
	t.deepEqual(known(1), rows);
	t.notDeepEqual(known(2), rows);
	t.throws(() => partlyKnown(vectors, 38, 39, Random.seed(1)), {
		message: "attributes: unknown must be a whole number up to 38, got 39",
	});
});

test("faces smaller than the high resolution, and sets that are no faces, are refused in a line", async (t) => {
	t.throws(() => guidedFaces(faces({ size: 32 }), { lowSize: 8, scale: 8 }), {
		message: "faces: pictures must be square and at least 64 wide for ×8, got 32×32",
	});
	await t.throwsAsync(openGuidedFaces("brains", sizes), {
		message: /^--data: must be one of faces, celeba, got brains/,
	});
});
