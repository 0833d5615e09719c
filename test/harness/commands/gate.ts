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
	t.regex(await readFile(join(folder, "gate.xml"), "utf8"), /<failure message="worse by more than the tolerance/);
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
	t.regex(schema.stderr, /other.json: schema must be .*fovea-report\/1, got fovea-report\/9\n$/);
});
