/** `fovea compare` in processes of its own. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { Random } from "../../../engine/random.ts";
import { writePng } from "../../../harness/pictures.ts";
import { fovea } from "../../helpers/fovea.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

test.beforeEach((t) => t.timeout(240_000));

/** Eight pictures of 16 × 16 with so much noise. */
async function pictures(folder: string, noise: number): Promise<void> {
	await mkdir(folder);
	for (let number = 0; number < 8; number += 1) {
		const random = Random.seed(3).split(number);
		const pixels = Uint8Array.from({ length: 256 }, (_, at) =>
			Math.max(0, Math.min(255, Math.round(128 + 60 * Math.sin(at / 7 + number) + noise * random.normal()))),
		);
		await writePng(join(folder, `${number}.png`), pixels, { height: 16, width: 16, channels: 1 });
	}
}

test("reports of two systems are compared, and bad usage is one line that names the file or option", async (t) => {
	const folder = await temporaryFolder(t);
	const path = (name: string) => join(folder, name);
	const run = (...words: string[]) => fovea(words, { environment: { FOVEA_ENGINE: "wasm" } });
	for (const [name, noise] of [
		["truth", 0],
		["quiet", 4],
		["loud", 12],
	] as const) {
		await pictures(path(name), noise);
	}
	for (const name of ["quiet", "loud"]) {
		const sides = ["--reference", path("truth"), "--image", path(name)];
		t.is((await run("evaluate", ...sides, "--metrics", "psnr", "--out", path(`${name}.json`))).code, 0);
	}
	const [loud, quiet] = [path("loud.json"), path("quiet.json")];
	const { code, stdout, stderr } = await run("compare", loud, quiet, "--json");
	t.deepEqual([code, stderr], [0, ""]);
	const { rows } = JSON.parse(stdout) as { rows: { p: number; verdict: string; difference: number }[] };
	// A third of the noise is some 9.5 dB, in every picture: 2 of 2^8 sign assignments.
	t.deepEqual([rows[0]?.p, rows[0]?.verdict], [1 / 128, "better"]);
	t.true(Math.abs((rows[0]?.difference ?? 0) - 9.5) < 1);
	await writeFile(path("a.csv"), "label,score\n1,0.5\n0,0.2\n");
	await writeFile(path("b.csv"), "label,score\n0,0.5\n1,0.2\n");
	const bad: readonly (readonly [words: string[], line: RegExp])[] = [
		[[loud], /^fovea compare: missing required argument 'others'\n$/],
		[[loud, loud], /^compare: systems must differ, got .*loud.json twice\n$/],
		[[loud, path("none.json")], /none.json: must be a report, got nothing of that name\n$/],
		[[loud, path("a.csv")], /^compare: must be reports alone or CSV alone, got .*a.csv beside .*loud.json\n$/],
		[[path("a.csv"), path("b.csv")], /b.csv: must have the labels of .*a.csv, got another in row 0\n$/],
		[[loud, quiet, "--claim", "psnr"], /^--claim: must be METRIC=NUMBER above 0, got psnr\n$/],
		[[loud, quiet, "--claim", "ssim=1"], /^--claim: must name one of psnr, got ssim\n$/],
		[[loud, quiet, "--interval", "95"], /^--interval: must lie between 0 and 1, got 95\n$/],
		[[loud, quiet, "--seed", "-1"], /^--seed: must be a whole number of 0 or more, got -1\n$/],
	];
	for (const [words, line] of bad) {
		const outcome = await run("compare", ...words);
		t.deepEqual([outcome.code, outcome.stdout], [2, ""], words.join(" "));
		t.regex(outcome.stderr, line);
	}
});
