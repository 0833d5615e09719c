import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test from "ava";
import { readVolume } from "../../harness/volumes.ts";
import { nifti } from "../helpers/nifti.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const values = Array.from({ length: 2 * 3 * 4 }, (_, index) => index * 7 - 20);

for (const [name, little] of [
	["little", true],
	["big", false],
] as const) {
	for (const zipped of [false, true]) {
		test(`a ${name}-endian file${zipped ? ", gzipped," : ""} is read with its sizes in order`, async (t) => {
			const bytes = nifti(values, [2, 3, 4], { little });
			const path = join(await temporaryFolder(t), zipped ? "a.nii.gz" : "a.nii");
			await writeFile(path, zipped ? gzipSync(bytes) : bytes);
			const volume = await readVolume(path);
			t.deepEqual([volume.width, volume.height, volume.depth], [2, 3, 4]);
			t.deepEqual([...volume.data], values);
		});
	}
}

test("slope and intercept are applied, and a slope of zero is none", async (t) => {
	const folder = await temporaryFolder(t);
	await writeFile(join(folder, "a.nii"), nifti([1, 2], [2, 1, 1], { slope: 0.5, intercept: 3 }));
	t.deepEqual([...(await readVolume(join(folder, "a.nii"))).data], [3.5, 4]);
	await writeFile(join(folder, "b.nii"), nifti([1, 2], [2, 1, 1], { slope: 0, intercept: 3 }));
	t.deepEqual([...(await readVolume(join(folder, "b.nii"))).data], [1, 2]);
});

test("what is no whole volume is refused by name", async (t) => {
	const folder = await temporaryFolder(t);
	const refused = async (name: string, bytes: Uint8Array, message: RegExp) => {
		await writeFile(join(folder, name), bytes);
		const error = await t.throwsAsync(readVolume(join(folder, name)));
		t.true(error?.message.startsWith(join(folder, name)), error?.message);
		t.regex(error?.message ?? "", message);
	};
	const whole = nifti(values, [2, 3, 4]);
	await refused("empty.nii", new Uint8Array(0), /got a file of zero bytes/);
	await refused("text.nii", Buffer.from("x".repeat(400)), /got bytes of another format/);
	await refused("cut.nii", whole.subarray(0, whole.length - 5), /must hold 2×3×4 values, got a truncated file/);
	const zipped = gzipSync(whole);
	await refused("cut.nii.gz", zipped.subarray(0, zipped.length - 12), /must be a whole gzip file/);
	await refused("flat.nii", nifti([1, 2, 3, 4], [2, 2]), /three dimensions, got 2×2/);
	await refused("moving.nii", nifti(values, [2, 3, 2, 2]), /three dimensions, got 2×3×2×2/);
	await t.throwsAsync(readVolume(join(folder, "none.nii")), { message: /got nothing of that name/ });
});
