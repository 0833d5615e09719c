/** `fovea evaluate` and `fovea check` in processes of their own, as the workflow of examples/gate runs them. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import test from "ava";
import { Random } from "../../../engine/random.ts";
import { writePng } from "../../../harness/pictures.ts";
import { fovea } from "../../helpers/fovea.ts";
import { run } from "../../helpers/shell.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

/** Processes share two cores with all other tests. */
test.beforeEach((t) => t.timeout(240_000));

const environment = { FOVEA_ENGINE: "wasm" };

/** Smooth pictures with some noise, in a new folder. */
async function pictures(folder: string, count: number, seed: number, noise: number): Promise<void> {
	await mkdir(folder, { recursive: true });
	for (let number = 0; number < count; number += 1) {
		const random = Random.seed(seed).split(number);
		const [a, b] = [0.1 + 0.5 * random.uniform(), 0.1 + 0.5 * random.uniform()];
		const pixels = Uint8Array.from({ length: 24 * 24 * 3 }, (_, at) => {
			const [y, x] = [Math.floor(at / 72), Math.floor(at / 3) % 24];
			return Math.max(0, Math.min(255, 128 + 90 * Math.sin(a * x + b * y + (at % 3)) + noise * random.normal()));
		});
		await writePng(join(folder, `${String(number).padStart(2, "0")}.png`), pixels, {
			height: 24,
			width: 24,
			channels: 3,
		});
	}
}

/** The commands of the workflow's steps from "Evaluate" to "Show". */
async function steps(): Promise<string[]> {
	const text = await readFile(join("examples", "gate", "workflow.yml"), "utf8");
	const found = [...text.matchAll(/- name: (\w+)\n(?: {8}if: .*\n)? {8}run: (?:>-\n)?((?: {10}.*\n)+|.*\n)/g)];
	const commands = new Map(found.map(([, name, command]) => [name, (command as string).replace(/\s+/g, " ").trim()]));
	return ["Evaluate", "Check", "Show"].map((name) => commands.get(name) as string);
}

test("the workflow passes an unchanged generator, fails a worse one, and says both in its summary", async (t) => {
	const folder = await temporaryFolder(t);
	await pictures(join(folder, "gate", "real"), 40, 1, 4);
	await pictures(join(folder, "generated"), 40, 2, 8);
	// npx finds the command by its name on the path.
	const bin = join(folder, "bin");
	await mkdir(bin);
	await writeFile(
		join(bin, "npx"),
		`#!/bin/sh\nshift\nexec "${process.execPath}" "${resolve("build/harness/cli.js")}" "$@"\n`,
		{
			mode: 0o755,
		},
	);
	const summary = join(folder, "summary.md");
	const shell = async (command: string) =>
		run("sh", ["-ec", command], {
			cwd: folder,
			environment: {
				...environment,
				PATH: `${bin}${delimiter}${process.env["PATH"]}`,
				GITHUB_STEP_SUMMARY: summary,
				FOVEA_CACHE: join(folder, "cache"),
			},
		});
	const [evaluate, check, show] = (await steps()) as [string, string, string];
	t.is((await shell(evaluate)).code, 0);
	// Without a baseline the gate says how to make one; making it fails the run, and the next run passes.
	const first = await shell(check);
	t.deepEqual([first.code, first.stdout], [2, ""]);
	t.regex(first.stderr, /gate\/baseline.json: must be a baseline, got nothing of that name; --update writes one\n$/);
	t.is((await shell(show)).code, 0);
	t.regex(await readFile(summary, "utf8"), /fovea check: refused\*\*\n\ngate\/baseline.json: must be a baseline/);
	t.regex(
		await readFile(join(folder, "gate.xml"), "utf8"),
		/<error type="refused" message="gate\/baseline.json: must be a baseline/,
	);
	t.is((await shell(`${check} --update`)).code, 1);
	t.is((await shell(`${check} --update`)).code, 0);
	t.is((await shell(check)).code, 0);
	await shell(show);
	t.regex(await readFile(summary, "utf8"), /fovea check: passed/);
	await pictures(join(folder, "generated"), 40, 2, 60);
	t.is((await shell(evaluate)).code, 0);
	const failed = await shell(check);
	t.is(failed.code, 1);
	await shell(show);
	t.regex(await readFile(summary, "utf8"), /fovea check: [12] of 2 failed/);
	t.regex(
		await readFile(join(folder, "gate.xml"), "utf8"),
		/<failure type="worse" message="worse by more than the tolerance/,
	);
});

test("scores of another protocol are refused with the part that differs", async (t) => {
	const folder = await temporaryFolder(t);
	await pictures(join(folder, "real"), 12, 1, 4);
	const evaluate = (...words: string[]) =>
		fovea(["evaluate", "--real", join(folder, "real"), "--fake", join(folder, "real"), "--metrics", "fid", ...words], {
			environment: { ...environment, FOVEA_CACHE: join(folder, "cache") },
		});
	const [report, other] = [join(folder, "report.json"), join(folder, "other.json")];
	t.is((await evaluate("--out", report)).code, 0);
	t.is((await evaluate("--out", other, "--preset", "torch-fidelity")).code, 0);
	const { code, stderr } = await fovea(["check", other, "--baseline", report]);
	t.is(code, 2);
	t.regex(
		stderr,
		/values of two protocols do not compare: resize must be "bilinear, antialiased.*", got "bilinear, TensorFlow 1/,
	);
	const text = await readFile(report, "utf8");
	await writeFile(other, text.replace("fovea-report/1", "fovea-report/9"));
	const schema = await fovea(["check", report, "--baseline", other]);
	t.is(schema.code, 2);
	t.regex(
		schema.stderr,
		/other.json: schema must be .*fovea-report\/1, got fovea-report\/9; remove it, and --update writes a new one\n$/,
	);
});

test("what is wrong with a baseline, a report or a tolerance is one line that names the file, and nothing is overwritten", async (t) => {
	const folder = await temporaryFolder(t);
	const path = (name: string) => join(folder, name);
	const values = (data: number[]) =>
		`label,score\n${data.map((value) => `${value > 0.5 ? 1 : 0},${value}`).join("\n")}\n`;
	await writeFile(path("labels.csv"), values([0.1, 0.4, 0.6, 0.9, 0.2, 0.7]));
	const made = await fovea(
		["evaluate", "--labels", path("labels.csv"), "--metrics", "accuracy,auc", "--out", path("report.json")],
		{ environment },
	);
	t.is(made.code, 0);
	const check = (baseline: string, ...words: string[]) =>
		fovea(["check", path("report.json"), "--baseline", path(baseline), ...words]);
	t.is((await check("good.json", "--update", "--tolerance", "auc=1%")).code, 1);
	const text = await readFile(path("good.json"), "utf8");
	const edit = async (name: string, from: string | RegExp, to: string) => {
		t.notDeepEqual(text.replace(from, to), text);
		await writeFile(path(name), text.replace(from, to));
	};
	await writeFile(path("mark.json"), `\uFEFF${text}`);
	t.is((await check("mark.json")).code, 0, "an editor's mark before the JSON");
	await edit("schema.json", "fovea-baseline/1", "fovea-baseline/2");
	await edit("comma.json", '"relative"', ',"relative"');
	await edit("tolerance.json", '"relative"', '"relativ"');
	await edit("metric.json", '"auc": {', '"acu": {');
	await edit("key.json", '"value"', '"valeu"');
	await edit("protocol.json", /"threshold": [^,\n]*/, '"threshold": 0.4');
	await edit("without.json", /"tolerances": \{[\s\S]*?\n\t\},/, "");
	await edit("scores.json", /"scores": \[[\s\S]*\]/, '"scores": []');
	await writeFile(path("empty.json"), "");
	await mkdir(path("folder.json"));
	for (const [words, line] of [
		[
			["schema.json", "--update"],
			"schema.json: schema must be fovea-baseline/1 or fovea-report/1, got fovea-baseline/2; remove it, and --update writes a new one",
		],
		[["comma.json", "--update"], "comma.json: must be JSON, got "],
		[["empty.json"], "empty.json: must be JSON, got an empty file"],
		[["folder.json"], "folder.json: must be a baseline, got a folder"],
		[
			["tolerance.json"],
			'tolerance.json: tolerances.auc must be as {"absolute": 0.5} or {"relative": 0.05}, got: Unrecognized key: "relativ"',
		],
		[["without.json"], 'without.json: tolerances must be as {"absolute": 0.5} or {"relative": 0.05}, got: '],
		[["metric.json"], "metric.json: tolerances: must name a metric or * for all others, got acu, did you mean auc?"],
		[["key.json"], "key.json: scores.0.value must be as in fovea-report/1, got"],
		[
			["protocol.json"],
			"protocol.json: scores.0.fingerprint must be that of accuracy and its protocol, got another: the file was edited",
		],
		[["scores.json"], "scores.json: scores must be as in fovea-report/1, got"],
		[
			["good.json", "--tolerance", "acu=1%"],
			"--tolerance: must name a metric or * for all others, got acu, did you mean auc?",
		],
		[["good.json", "--tolerance", "auc=1%,auc=2%"], "--tolerance: metrics must differ, got auc twice"],
		[["good.json", "--markdown", path("folder.json")], "folder.json: must be a file that can be written, got a folder"],
		[
			["good.json", "--update", "--tolerance", "auc=3%", "--junit", path("folder.json")],
			"folder.json: must be a file that can be written, got a folder",
		],
	] as const) {
		const [name, ...rest] = words;
		const before = await readFile(path(name)).catch(() => undefined);
		const { code, stdout, stderr } = await check(name, ...rest);
		t.deepEqual([code, stdout], [2, ""], words.join(" "));
		t.true(stderr.replace(`${folder}/`, "").startsWith(line), `${stderr} instead of ${line}`);
		t.is(stderr.trimEnd().split("\n").length, 1);
		t.deepEqual(await readFile(path(name)).catch(() => undefined), before);
	}
});
