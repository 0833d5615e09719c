import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "ava";
import { fovea } from "../helpers/fovea.ts";

/** Commands start in processes of their own and share two cores with all other tests. */
test.beforeEach((t) => t.timeout(120_000));

test("--version prints the package's version and nothing else", async (t) => {
	const { version } = JSON.parse(readFileSync("package.json", "utf8"));
	t.deepEqual(await fovea(["--version"]), { code: 0, stdout: `${version}\n`, stderr: "" });
});

test("--help lists the commands on stdout and is good", async (t) => {
	const outcome = await fovea(["--help"]);
	t.is(outcome.code, 0);
	t.regex(outcome.stdout, /^ {2}doctor .*\n(.*\n)* {2}engine /m);
	t.is(outcome.stderr, "");
});

const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
	["an unknown command", ["doktor"], /^fovea: command must be one of .*engine.*, got doktor; did you mean doctor\?\n$/],
	[
		"a command below a command",
		["engine", "instal"],
		/^fovea engine: command must be one of install, remove, got instal/,
	],
	[
		"an unknown option",
		["engine", "--jsn"],
		/^fovea engine: option must be one of .*--json.*, got --jsn; did you mean --json\?\n$/,
	],
	[
		"an option without its value",
		["engine", "install", "--from"],
		/^fovea install: .*--from <path>.* argument missing\n$/,
	],
	["a word too many", ["doctor", "now"], /^fovea doctor: too many arguments.*\n$/],
];
for (const [name, words, line] of wrong) {
	test(`${name} ends with 2 and one line that names what is right`, async (t) => {
		const { code, stdout, stderr } = await fovea(words);
		t.is(code, 2);
		t.is(stdout, "");
		t.regex(stderr, line);
	});
}

test("no command at all prints the help on stderr and ends with 2", async (t) => {
	const { code, stdout, stderr } = await fovea([]);
	t.is(code, 2);
	t.is(stdout, "");
	t.regex(stderr, /^Usage: fovea/);
});

test("--json prints one JSON document on stdout and nothing on stderr", async (t) => {
	const { code, stdout, stderr } = await fovea(["engine", "--json"], { environment: { FOVEA_ENGINE: "wasm" } });
	t.is(code, 0);
	t.is(stderr, "");
	const { engine, version, gflops, why } = JSON.parse(stdout);
	t.is(engine, "wasm");
	t.regex(version, /^\d+\.\d+/);
	t.true(gflops > 0);
	t.deepEqual(why[0], "wasm was asked for");
});

test("an engine that is not known is refused in one line", async (t) => {
	const { code, stderr } = await fovea(["engine"], { environment: { FOVEA_ENGINE: "cuda" } });
	t.is(code, 2);
	t.is(stderr, "FOVEA_ENGINE: must be tensorflow or wasm, got cuda\n");
});

test("doctor says of each part whether it works and how to get it", async (t) => {
	const environment = { FOVEA_ENGINE: "wasm", FOVEA_DATA: "/nowhere", REDIS_URL: "redis://127.0.0.1:9" };
	const { code, stdout } = await fovea(["doctor", "--json"], { environment });
	t.is(code, 0);
	const { checks }: { checks: { name: string; ok: boolean; detail: string; fix: string }[] } = JSON.parse(stdout);
	const named = new Map(checks.map((check) => [check.name, check]));
	for (const name of ["node", "engine", "compiler", "python", "kernel", "jupyter", "redis", "weights", "data"])
		t.true(named.has(name), name);
	t.like(named.get("engine"), {
		ok: true,
		fix: "npx fovea engine install builds the TensorFlow engine, several times faster",
	});
	t.like(named.get("weights"), { ok: true });
	t.like(named.get("redis"), { ok: false, detail: "no server on 127.0.0.1:9: ECONNREFUSED" });
	t.like(named.get("data"), { ok: false, detail: "FOVEA_DATA must be a folder, got /nowhere" });
	for (const check of checks.filter(({ ok }) => !ok)) t.not(check.fix, "", check.name);
});

test("a reader that leaves early is no error", async (t) => {
	const cli = new URL("../../harness/cli.js", import.meta.url).pathname;
	const shell = spawn("sh", ["-c", `"${process.execPath}" "${cli}" --help | true; echo done`], {
		stdio: ["ignore", "pipe", "pipe"],
	});
	let stderr = "";
	shell.stderr.on("data", (chunk) => {
		stderr += chunk;
	});
	const code = await new Promise((resolve) => shell.on("close", resolve));
	t.is(code, 0);
	t.is(stderr, "");
});
