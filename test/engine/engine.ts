import { spawn } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as tf from "@tensorflow/tfjs";
import test, { type ExecutionContext } from "ava";
import { currentEngine, type Engine, startEngine } from "../../engine/engine.ts";
import { enginesHere } from "../helpers/engines.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

test.serial("before a start there is no engine to ask for", (t) => {
	t.throws(currentEngine, { message: /startEngine\(\) must have been called/ });
});

for (const name of enginesHere()) {
	test.serial(`the ${name} engine starts, computes and says why it is used`, async (t) => {
		const engine = await startEngine({ engine: name });
		t.is(engine.name, name);
		t.is(currentEngine(), engine);
		t.is(tf.getBackend(), name);
		t.true(engine.why.length > 0);
		t.regex(engine.version, /^\d+\.\d+/);
		const product = tf.tidy(() =>
			tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([0, 1, 1, 0], [2, 2])).dataSync(),
		);
		t.deepEqual([...product], [2, 1, 4, 3]);
	});
}

test.serial("a second start without a choice gives the engine that runs", async (t) => {
	const first = await startEngine({ engine: "wasm" });
	const [second, third] = await Promise.all([startEngine(), startEngine()]);
	t.is(second, first);
	t.is(third, first);
});

/** A project folder whose tfjs is the one of this package, or, with `copy`, another. */
async function project(t: ExecutionContext, copy = false): Promise<string> {
	const folder = await temporaryFolder(t);
	const scope = join(folder, "node_modules", "@tensorflow");
	await mkdir(join(scope, "tfjs-node", "lib", "napi-v8"), { recursive: true });
	await writeFile(join(folder, "package.json"), "{}");
	await writeFile(join(scope, "tfjs-node", "package.json"), '{"name": "@tensorflow/tfjs-node", "main": "index.js"}');
	// Stands for the package's index.js: all that fovea sees of it is the backend that it registers.
	await writeFile(
		join(scope, "tfjs-node", "index.js"),
		'const tf = require("@tensorflow/tfjs"); const cpu = tf.findBackend("cpu"); cpu.binding = { TF_Version: "2.9.1" }; tf.registerBackend("tensorflow", () => cpu, 3);',
	);
	if (copy) {
		await mkdir(join(scope, "tfjs"));
		await writeFile(join(scope, "tfjs", "package.json"), '{"main": "index.js"}');
		await writeFile(join(scope, "tfjs", "index.js"), "");
	} else {
		await symlink(resolve("node_modules/@tensorflow/tfjs"), join(scope, "tfjs"));
	}
	return folder;
}

/** What startEngine gives, or the message it throws, in a process of its own that starts in `cwd`. */
async function startIn(cwd: string, environment: Readonly<Record<string, string>> = {}): Promise<Engine | string> {
	const module = new URL("../../engine/engine.js", import.meta.url).href;
	const script = `import { startEngine } from ${JSON.stringify(module)};
		console.log(JSON.stringify(await startEngine().catch((error) => error.message))); process.exit(0);`;
	const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
		cwd,
		// An empty cache: what is installed on this machine plays no part.
		env: { ...process.env, FOVEA_CACHE: join(cwd, "cache"), FOVEA_ENGINE: "", ...environment },
		stdio: ["ignore", "pipe", "ignore"],
	});
	let stdout = "";
	child.stdout.on("data", (chunk: Buffer) => {
		stdout += chunk.toString();
	});
	await new Promise((done) => child.on("close", done));
	return JSON.parse(stdout);
}

test("a project's own tfjs-node that works is used as it is", async (t) => {
	const folder = await project(t);
	await writeFile(join(folder, "node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node"), "");
	const engine = (await startIn(folder)) as Engine;
	t.like(engine, { name: "tensorflow", version: "2.9.1" });
	t.regex(engine.why.join(), /the project's own .*tfjs-node is used/);
});

test("a project's own tfjs-node without its addon is passed over, and named", async (t) => {
	const engine = (await startIn(await project(t))) as Engine;
	t.is(engine.name, "wasm");
	t.regex(engine.why.join(), /tfjs-node is not used: its addon is not built/);
});

test("a project's own tfjs-node on another copy of tfjs is passed over, and named", async (t) => {
	const folder = await project(t, true);
	await writeFile(join(folder, "node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node"), "");
	const engine = (await startIn(folder)) as Engine;
	t.is(engine.name, "wasm");
	t.regex(engine.why.join(), /is not used: it has another copy of @tensorflow\/tfjs/);
});

test("without a TensorFlow engine WASM is used, with the way to get TensorFlow", async (t) => {
	const engine = (await startIn(await temporaryFolder(t))) as Engine;
	t.is(engine.name, "wasm");
	t.is(engine.why[0], "no TensorFlow engine is installed; npx fovea engine install builds one");
});

test("TensorFlow asked for and absent is an error with the fix, not WASM", async (t) => {
	const message = await startIn(await temporaryFolder(t), { FOVEA_ENGINE: "tensorflow" });
	t.regex(
		message as string,
		/^engine: tensorflow must be installed \(npx fovea engine install\), got no TensorFlow engine/,
	);
});
