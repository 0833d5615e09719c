import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { readPlan } from "../../../harness/sweep/plan.ts";
import type { SweepResult } from "../../../harness/sweep/results.ts";
import { fovea } from "../../helpers/fovea.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

test("the grid has each combination once, under a name of its own", async (t) => {
	const path = join(await temporaryFolder(t), "grid.yaml");
	const text =
		"systems: [stargan, cca-gan]\nseeds: [1, 2, 3]\nsteps: [5, 6]\noptions: {rate: [0.1, 0.2], batchSize: 2}\n";
	await writeFile(path, text);
	const { jobs, out } = await readPlan(path);
	t.is(jobs.length, 2 * 3 * 2 * 2);
	t.is(new Set(jobs.map(({ id }) => id)).size, jobs.length);
	t.is(
		new Set(jobs.map(({ system, seed, steps, set }) => JSON.stringify([system, seed, steps, set]))).size,
		jobs.length,
	);
	t.true(jobs.every(({ set }) => set?.["batchSize"] === 2));
	t.is(out, path.replace(/\.yaml$/, ""));
	t.deepEqual(
		(await readPlan(path)).jobs.map(({ id }) => id),
		jobs.map(({ id }) => id),
	);
});

test.serial("a sweep trains here, a failure stops no other job, and what is done is not run again", async (t) => {
	const folder = await temporaryFolder(t);
	const file = join(folder, "grid.json");
	const grid = { systems: ["stargan"], seeds: 1, steps: 2, options: { imageSize: [36, 32], gConvDim: 4 } };
	await writeFile(file, JSON.stringify(grid));
	const { code, stdout, stderr } = await fovea(["sweep", file, "--json", "--workers", "2"]);
	t.is(code, 1, stderr);
	const result = JSON.parse(stdout) as SweepResult;
	t.like(result, { jobs: 2, done: 1, failed: 1 });
	t.regex(result.failures[0]?.why ?? "", /train stargan \(seed 1\).*imageSize must be a multiple of 8.*got 36/);
	const place = result.results[0]?.out ?? "";
	const before = (await stat(join(place, "checkpoint.safetensors"))).mtimeMs;
	// The file mended and grown by a seed: the job done before stays as it is.
	await writeFile(file, JSON.stringify({ ...grid, seeds: [1, 2], options: { ...grid.options, imageSize: 32 } }));
	const second = await fovea(["sweep", file, "--json"]);
	t.is(second.code, 0, second.stderr);
	t.like(JSON.parse(second.stdout), { jobs: 2, done: 2, failed: 0 });
	t.is((await stat(join(place, "checkpoint.safetensors"))).mtimeMs, before);
	t.like(JSON.parse(await readFile(join(folder, "grid", "sweep.json"), "utf8")), { done: 2, failed: 0 });
});

test.serial("a sweep that is interrupted goes on to the same bytes as one that is not", async (t) => {
	const folder = await temporaryFolder(t);
	const file = join(folder, "grid.yaml");
	await writeFile(file, "systems: stargan\nseeds: 3\nsteps: 60\noptions: {gConvDim: 4, dConvDim: 8}\n");
	let isAsked = false;
	const stopped = await fovea(["sweep", file, "--out", join(folder, "twice")], {
		watch: (_, kill) => {
			if (isAsked) return;
			isAsked = true;
			setTimeout(() => kill("SIGINT"), 6_000);
		},
	});
	t.true([0, 130].includes(stopped.code ?? -1), stopped.stderr);
	for (const name of ["twice", "once"]) {
		const { code, stderr } = await fovea(["sweep", file, "--out", join(folder, name), "--quiet"]);
		t.is(code, 0, stderr);
	}
	const [job = ""] = (await readdir(join(folder, "once"))).filter((name) => name.startsWith("stargan"));
	const bytes = (name: string) => readFile(join(folder, name, job, "checkpoint.safetensors"));
	t.true((await bytes("once")).equals(await bytes("twice")));
});

const refused = test.macro(async (t, text: string, message: RegExp, words: readonly string[] = []) => {
	const folder = join(await temporaryFolder(t), "given");
	await mkdir(folder);
	await writeFile(join(folder, "grid.yaml"), text);
	const { code, stdout, stderr } = await fovea(["sweep", join(folder, "grid.yaml"), "--quiet", ...words]);
	t.is(code, 2);
	t.is(stdout, "");
	t.regex(stderr, message);
	t.is(stderr.trim().split("\n").length, 1);
	t.deepEqual(await readdir(folder), ["grid.yaml"]);
});

const good = "systems: stargan\nseeds: 1\n";
test("an unknown system is named", refused, "systems: stargn\nseeds: 1\n", /grid\.yaml: system must be one of.*stargn/);
test("an unknown key is named", refused, `${good}sead: 4\n`, /grid\.yaml: sweep must.*"sead"/);
test("an unknown option is named", refused, `${good}options: {lr: 1}\n`, /grid\.yaml: options of stargan: .*got lr/);
test("a bad seed is named", refused, "systems: stargan\nseeds: [1, x]\n", /grid\.yaml: seeds/);
test("broken YAML is named with its line", refused, "systems: [stargan\n", /grid\.yaml: must be YAML or JSON.*line/);
test(
	"a server that does not answer is named",
	refused,
	good,
	/--redis must name a Redis server.*ECONNREFUSED from 127\.0\.0\.1:9/,
	[...["--redis", "redis://user:secret@127.0.0.1:9"]],
);
test("an address of another kind is refused", refused, good, /--redis must be an address such as/, [
	"--redis",
	"http://x",
]);
test("workers of both kinds are refused", refused, good, /--workers or --redis must be given, got both/, [
	...["--redis", "redis://127.0.0.1:9", "--workers", "2"],
]);

test("a sweep's file that is not there is refused", async (t) => {
	const { code, stderr } = await fovea(["sweep", join(await temporaryFolder(t), "none.yaml")]);
	t.is(code, 2);
	t.regex(stderr, /none\.yaml: must be a sweep's file, got nothing of that name/);
});
