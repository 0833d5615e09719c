import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import sharp from "sharp";
import { entries, generateWords } from "../bench/zoo/entries.ts";
import type { Kept } from "../bench/zoo/page.ts";
import { sampleSheet } from "../bench/zoo/sample.ts";
import { currentEngine } from "../engine/engine.ts";
import { generate } from "../harness/generate/generate.ts";
import { openModel } from "../harness/generate/model.ts";
import { drawSheet } from "../harness/sheet.ts";
import { allSystems } from "../harness/systems.ts";
import { onEngines } from "./helpers/engines.ts";
import { temporaryFolder } from "./helpers/temporary.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const zoo = join(root, "zoo");
const cli = fileURLToPath(new URL("../harness/cli.js", import.meta.url));

interface File extends Kept {
	readonly system: string;
	readonly seed: number;
	readonly engine: { readonly name: string };
}

const keptOf = async (system: string) => JSON.parse(await readFile(join(zoo, system, "zoo.json"), "utf8")) as File;

test("every system that can be built has a checkpoint, and each its entry", async (t) => {
	const built = (await allSystems()).filter(({ build }) => build !== undefined).map(({ id }) => id);
	const folders = (await readdir(zoo, { withFileTypes: true })).filter((one) => one.isDirectory());
	t.deepEqual(folders.map(({ name }) => name).sort(), built.sort());
	t.deepEqual(entries.map(({ system }) => system).sort(), built.sort());
});

test("checkpoints are small, and scores and seed lie beside each", async (t) => {
	let sum = 0;
	for (const entry of entries) {
		const { size } = await stat(join(zoo, entry.system, "checkpoint.safetensors"));
		t.true(size <= 2e6, `${entry.system}: ${size} bytes`);
		sum += size;
		const { apply, seed, scores, beside } = await keptOf(entry.system);
		t.is(seed, 1);
		t.true(apply.startsWith(`fovea generate ${entry.system} --checkpoint zoo/${entry.system} `));
		t.true(apply.endsWith(generateWords(entry).join(" ")));
		t.true(scores.length > 0 && scores.length === beside.length);
		for (const { value } of [...scores, ...beside]) t.true(Number.isFinite(value), `${entry.system}: ${value}`);
	}
	t.true(sum < 10e6, `${sum} bytes`);
});

test.serial("each makes its sample again", async (t) => {
	await onEngines(async () => {
		for (const entry of entries) {
			const folder = join(zoo, entry.system);
			using model = await openModel(folder, entry.system);
			const out = join(await temporaryFolder(t), "out");
			const input = entry.inputs === undefined ? undefined : join(folder, "input");
			const made = await generate(model, { ...entry.generate, input, out });
			const pixels = async (picture: string | Uint8Array) => sharp(picture).removeAlpha().raw().toBuffer();
			const drawn = await pixels(await drawSheet(await sampleSheet(entry, made, { out, input })));
			const kept = await pixels(join(folder, "sample.png"));
			t.is(drawn.length, kept.length, entry.system);
			// Float32 sums in another order round to the next grey level here and there, of two engines or two processors.
			const allowed = (await keptOf(entry.system)).engine.name === currentEngine().name ? 1 : 2;
			const worst = kept.reduce((most, value, at) => Math.max(most, Math.abs(value - (drawn[at] as number))), 0);
			t.true(worst <= allowed, `${entry.system}: ${worst} grey levels`);
		}
	});
});

// One of each kind: edits, translates, starts from noise, enlarges, is guided, classifies.
const kinds = ["cca-gan", "attention-gan", "pggan", "fasrgan", "aga-gan", "resnet"];

test.serial("its command gives a sample in under ten seconds", async (t) => {
	for (const system of kinds) {
		const out = join(await temporaryFolder(t), "out");
		const words = (await keptOf(system)).apply.split(" ").slice(1);
		const all = [process.execPath, cli, ...words.map((word) => (word === `out/${system}` ? out : word))];
		// Seconds of work on all cores, which is what it takes alone at the most; other tests run at the same time.
		const { stderr } = await promisify(execFile)("bash", ["-c", 'TIMEFORMAT="%U %S"; time "$@"', "bash", ...all], {
			cwd: root,
		});
		const [user = Number.NaN, kernel = Number.NaN] = (stderr.trim().split("\n").at(-1) ?? "").split(" ").map(Number);
		t.true(user + kernel < 10, `${system}: ${user} s and ${kernel} s`);
		t.true((await readdir(out)).includes("generated.json"));
	}
});

test("a score of each kind comes again from what is kept", async (t) => {
	await onEngines(async () => {
		for (const system of ["cca-gan", "attention-gan", "fasrgan", "resnet"]) {
			const entry = entries.find((one) => one.system === system);
			using model = await openModel(join(zoo, system));
			const { scores } = await keptOf(system);
			const again = (await entry?.judge(model.gan))?.scores ?? [];
			t.is(again.length, scores.length);
			for (const [index, { metric, value }] of again.entries()) {
				const kept = scores[index]?.value ?? Number.NaN;
				// Bytes that differ by one here and there: hundredths of a decibel, thousandths of a similarity or a distance.
				const allowed = { psnr: 0.05, ssim: 0.002, accuracy: 0, auc: 1e-3 }[metric] ?? 0.01 * kept;
				t.true(Math.abs(value - kept) <= allowed, `${system}, ${metric}: ${value} for ${kept}`);
			}
		}
	});
});
