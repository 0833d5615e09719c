import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { saveCheckpoint } from "../../../harness/checkpoint.ts";
import { buildSystem, presets, starts, trainUpscaler } from "../../../harness/experiments/fasrgan.ts";
import type { Reproduction } from "../../../harness/reproduce.ts";
import { bicubicUpscaler } from "../../../harness/upscaling-test.ts";
import { onEngines } from "../../helpers/engines.ts";
import { fovea } from "../../helpers/fovea.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

const preset = presets.smoke;
const header = { system: "rrdb-psnr", step: 1, seed: 5, settings: {} };

test.serial(
	"reproduce trains on pixels, then the GANs from there, and undecides what it could not train",
	async (t) => {
		const folder = await temporaryFolder(t);
		const cache = await temporaryFolder(t);
		const words = ["reproduce", "fasrgan", "--steps", "2", "--seeds", "1", "--out", folder, "--json", "--quiet"];
		const { code, stdout, stderr } = await fovea(words, { environment: { FOVEA_CACHE: cache, FOVEA_ENGINE: "wasm" } });
		t.is(code, 0, stderr);
		const report = JSON.parse(stdout) as Reproduction;
		t.deepEqual(JSON.parse(await readFile(join(folder, "report.json"), "utf8")), report);
		t.deepEqual(
			report.trainings.map(({ system, steps }) => [system, steps]),
			[...new Set(Object.values(starts)), ...Object.keys(starts)].map((system) => [system, 2]),
		);
		for (const { text, verdict, why } of report.claims) {
			t.is(verdict, "undecided");
			t.regex(
				why,
				text.includes("LPIPS") ? /LPIPS is not measured: AlexNet's weights/ : /below the floor, under-trained/,
			);
		}
		// Table I of the paper as published, beside ours.
		const row = report.table.rows.find(([name]) => name === "FASRGAN") ?? [];
		t.deepEqual([row[1], row[3], row[5], row[7]], ["30.15", "0.8450", "0.0325", "3.17"]);
		t.is(report.tables.length, 3);
		t.true(Object.keys(report.pictures).includes("map-fasrgan.png"));
		for (const name of Object.keys(report.pictures)) t.true((await stat(join(folder, name))).size > 1000, name);
	},
);

test.serial(
	"a GAN starts with the weights of the training on pixels that it is given, and warms up without one",
	async (t) => {
		await onEngines(async () => {
			const folder = await temporaryFolder(t);
			for (const [system, start] of [
				["fasrgan", "rrdb-psnr"],
				["fa-fs-srgan", "fs-srgan-psnr"],
			] as const) {
				using given = buildSystem(start, preset, 5);
				const from = join(folder, start);
				await saveCheckpoint(from, given, { ...header, system: start });
				const training = await trainUpscaler(system, preset, { seed: 1, from });
				for (const [name, network] of Object.entries(given.networks)) {
					for (const { name: key } of network.entries()) {
						t.deepEqual(training.gan.networks[name]?.read(key), network.read(key));
					}
				}
				t.is(training.warmUp, 0);
				const own = await trainUpscaler(system, preset, { seed: 1 });
				t.is(own.warmUp, preset.start.steps);
				// The warm-up goes at its own rate, the game behind it at the GAN's.
				t.true(Math.abs(own.rate(0) * preset.gan.rate - preset.start.rate) < 1e-12);
				t.is(own.rate(own.warmUp), 1);
				for (const { gan } of [training, own]) gan[Symbol.dispose]();
			}
			const other = join(folder, "fs-srgan-psnr");
			await t.throwsAsync(trainUpscaler("fasrgan", preset, { seed: 1, from: other }), {
				message: /must hold a training of rrdb-psnr, got one of fs-srgan-psnr/,
			});
		});
	},
);

test("an unknown system is named", (t) => {
	t.throws(() => buildSystem("fasrgna", preset, 1), { message: /fa-fs-srgan, got fasrgna/ });
});

test("bicubic keeps a flat picture, in a set as alone", (t) => {
	const upscaler = bicubicUpscaler(4);
	const flat = new Uint8Array(2 * 3 * 5 * 3).fill(77);
	const set = upscaler.set({ data: flat, count: 2, height: 3, width: 5 });
	t.deepEqual([set.count, set.height, set.width], [2, 12, 20]);
	t.deepEqual([...new Set(set.data)], [77]);
	const { height, width, data } = upscaler.picture({ data: flat.subarray(0, 45), height: 3, width: 5, channels: 3 });
	t.deepEqual([height, width, data.length], [12, 20, 720]);
});
