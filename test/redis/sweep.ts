import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { Queue } from "bullmq";
import type { QueuedResult } from "../../harness/sweep/queue.ts";
import type { SweepResult } from "../../harness/sweep/results.ts";
import { fovea } from "../helpers/fovea.ts";
import { startRedis } from "../helpers/redis.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

// Sums of several threads differ in their last digits from those of one.
const oneThread = { TF_NUM_INTRAOP_THREADS: "1", TF_NUM_INTEROP_THREADS: "1" };
const cli = new URL("../../harness/cli.js", import.meta.url).pathname;

/** A worker in a process of its own. */
function startWorker(t: ExecutionContext, redis: string, out: string) {
	const child: ChildProcess = spawn(process.execPath, [cli, "worker", "--redis", redis, "--out", out], {
		stdio: ["ignore", "ignore", "pipe"],
		env: { ...process.env, ...oneThread },
	});
	t.teardown(() => void child.kill("SIGKILL"));
	let said = "";
	const waiting: { readonly pattern: RegExp; readonly met: () => void }[] = [];
	child.stderr?.on("data", (text: Buffer) => {
		said += text.toString();
		for (const { pattern, met } of waiting) if (pattern.test(said)) met();
	});
	return {
		child,
		said: () => said,
		until: (pattern: RegExp) =>
			new Promise<void>((met) => {
				if (pattern.test(said)) met();
				else waiting.push({ pattern, met });
			}),
	};
}

/** Waits until the queue knows of a first iteration of the job. */
async function untilProgress(url: string, id: string): Promise<void> {
	const queue = new Queue("fovea", { connection: { url } });
	let share = 0;
	while (share === 0) {
		await new Promise((resolve) => setTimeout(resolve, 100));
		share = ((await queue.getJob(id))?.progress as { share?: number } | undefined)?.share ?? 0;
	}
	await queue.close();
}

async function untilFile(path: string): Promise<void> {
	while ((await stat(path).catch(() => undefined)) === undefined)
		await new Promise((resolve) => setTimeout(resolve, 50));
}

test.serial(
	"workers train what a sweep gives out, a failure stops no other job, and a second run does nothing again",
	async (t) => {
		const redis = await startRedis(t);
		const folder = await temporaryFolder(t);
		const file = join(folder, "grid.json");
		// Pictures of 36 do not fit the discriminator's three halvings: that job fails.
		await writeFile(
			file,
			JSON.stringify({ systems: "stargan", seeds: [1, 2], steps: 2, options: { imageSize: [32, 36], gConvDim: 4 } }),
		);
		const worker = startWorker(t, redis, join(folder, "worker"));
		const words = ["sweep", file, "--redis", redis, "--json", "--quiet"];
		const { code, stdout, stderr } = await fovea(words);
		t.is(code, 1, stderr);
		const result = JSON.parse(stdout) as SweepResult;
		t.like(result, { jobs: 4, done: 2, failed: 2 });
		for (const { why } of result.failures) t.regex(why, /imageSize must be a multiple of 8 for 3 layers, got 36/);
		for (const { id, out, result: own } of result.results) {
			t.is((own as QueuedResult).folder, join(folder, "worker", id));
			t.is((JSON.parse(await readFile(join(out, "training.json"), "utf8")) as QueuedResult).steps, 2);
		}
		worker.child.kill("SIGINT");
		await once(worker.child, "exit");
		t.is(worker.child.exitCode, 130);

		// Only what failed is tried again.
		const second = startWorker(t, redis, join(folder, "worker"));
		const again = JSON.parse((await fovea(words)).stdout) as SweepResult;
		t.deepEqual(again.results, result.results);
		t.is(again.failed, 2);
		t.is(second.said().match(/begun/g)?.length, 2);
	},
);

test.serial("the job of a worker that dies is resumed by another one, to the same bytes", async (t) => {
	const redis = await startRedis(t);
	const folder = await temporaryFolder(t);
	const file = join(folder, "long.yaml");
	await writeFile(file, "systems: stargan\nseeds: 5\nsteps: 300\noptions: {gConvDim: 4, dConvDim: 8}\n");
	const shared = join(folder, "shared");
	const first = startWorker(t, redis, shared);
	const sweep = fovea(["sweep", file, "--redis", redis, "--json"]);
	await first.until(/begun/);
	const id = /begun: (\S+)/.exec(first.said())?.[1] ?? "";
	// Some way into the training, and without a chance to say farewell.
	await untilProgress(redis, id);
	first.child.kill("SIGKILL");
	// Its training notices, keeps what it has, and ends.
	await untilFile(join(shared, id, "checkpoint.safetensors"));
	const second = startWorker(t, redis, shared);
	const { code, stdout, stderr } = await sweep;
	t.is(code, 0, stderr);
	t.like(JSON.parse(stdout), { jobs: 1, done: 1, failed: 0 });
	t.regex(second.said(), new RegExp(`begun: ${id}`));
	const log = (await readFile(join(shared, id, "log.jsonl"), "utf8")).trim().split("\n");
	t.is(log.length, 300);

	const alone = join(folder, "alone");
	const set = ["--set", "gConvDim=4", "--set", "dConvDim=8"];
	await fovea(["train", "stargan", "--seed", "5", "--steps", "300", ...set, "--out", alone, "--quiet"], {
		environment: oneThread,
	});
	const bytes = (place: string) => readFile(join(place, "checkpoint.safetensors"));
	t.true((await bytes(alone)).equals(await bytes(join(shared, id))));
});

test.serial("a worker that is interrupted gives its job back", async (t) => {
	const redis = await startRedis(t);
	const folder = await temporaryFolder(t);
	const file = join(folder, "long.yaml");
	await writeFile(file, "systems: stargan\nseeds: 5\nsteps: 60\noptions: {gConvDim: 4, dConvDim: 8}\n");
	const shared = join(folder, "shared");
	const first = startWorker(t, redis, shared);
	const sweep = fovea(["sweep", file, "--redis", redis, "--json"]);
	await first.until(/begun/);
	first.child.kill("SIGINT");
	await once(first.child, "exit");
	const second = startWorker(t, redis, shared);
	await second.until(/begun/);
	t.like(JSON.parse((await sweep).stdout), { jobs: 1, done: 1, failed: 0 });
});

test.serial(
	"a sweep that is interrupted takes back what no worker has begun, and the same command goes on",
	async (t) => {
		const redis = await startRedis(t);
		const folder = await temporaryFolder(t);
		const file = join(folder, "grid.yaml");
		await writeFile(file, "systems: stargan\nseeds: [1, 2]\nsteps: 2\noptions: {gConvDim: 4}\n");
		const words = ["sweep", file, "--redis", redis, "--json"];
		let isAsked = false;
		const stopped = await fovea(words, {
			watch: (said, kill) => {
				if (isAsked || !said.includes("2 jobs")) return;
				isAsked = true;
				setTimeout(() => kill("SIGINT"), 3_000);
			},
		});
		t.is(stopped.code, 130);
		const worker = startWorker(t, redis, join(folder, "worker"));
		await new Promise((resolve) => setTimeout(resolve, 4_000));
		t.is(worker.said(), "");
		t.like(JSON.parse((await fovea(words)).stdout), { jobs: 2, done: 2, failed: 0 });
	},
);
