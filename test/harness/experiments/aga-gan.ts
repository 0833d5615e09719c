import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import type { Reproduction } from "../../../harness/reproduce.ts";
import { fovea } from "../../helpers/fovea.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

test.serial(
	"reproduces: trains both forms, then the U-Net behind the guided one, judges five conditions, decides",
	async (t) => {
		const folder = await temporaryFolder(t);
		const words = ["reproduce", "aga-gan", "--steps", "2", "--seeds", "1", "--out", folder, "--json", "--quiet"];
		const { code, stdout, stderr } = await fovea(words);
		t.is(code, 0, stderr);
		const report = JSON.parse(stdout) as Reproduction;
		t.deepEqual(
			report.trainings.map(({ system, steps }) => [system, steps]),
			["aga-gan", "aga-gan-unguided", "dual-attention-unet"].map((system) => [system, 2]),
		);
		t.is(report.table.rows.length, 7);
		// Two steps are nowhere near bicubic enlargement, so nothing may be decided, and the reason says so.
		t.is(report.claims.length, 7);
		for (const { verdict, why } of report.claims) {
			t.is(verdict, "undecided");
			t.regex(why, /below the floor, under-trained: PSNR .* dB not above/);
		}
		for (const name of Object.keys(report.pictures)) t.true((await stat(join(folder, name))).size > 1000, name);
		// The guided system is judged under right, partly known, unknown and wrong attributes.
		const told = report.trainings[0]?.scores.map(({ protocol }) => protocol["attributes"]);
		t.deepEqual([...new Set(told)], ["right", "29 of 38 unknown", "all unknown", "another face's"]);
		t.deepEqual(
			(await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".part")),
			[],
		);

		// The U-Net's training holds the generator of the training that it started from.
		const generator = async (system: string) => {
			const bytes = await readFile(join(folder, "trainings", `${system}-1`, "checkpoint.safetensors"));
			const length = Number(bytes.readBigUInt64LE(0));
			const { data_offsets: [from, to] = [0, 0] } = JSON.parse(bytes.toString("utf8", 8, 8 + length))["G.out.weight"];
			return bytes.subarray(8 + length + from, 8 + length + to);
		};
		t.deepEqual(await generator("dual-attention-unet"), await generator("aga-gan"));
	},
);

test("the U-Net needs a training of AGA-GAN to start from", async (t) => {
	const out = join(await temporaryFolder(t), "training");
	const { code, stdout, stderr } = await fovea(["train", "dual-attention-unet", "--out", out]);
	t.deepEqual([code, stdout], [2, ""]);
	t.regex(stderr, /--from must be the folder of an aga-gan training, got none\n$/);
});
