import { existsSync } from "node:fs";
import { utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import test from "ava";
import { Lock } from "../../../engine/tensorflow/lock.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

test("a second taker waits, is told who holds it, and gets it when it is free", async (t) => {
	const path = join(await temporaryFolder(t), "lock");
	const first = await Lock.take(path).next();
	if (!first.done) return t.fail("the first taker has to wait");
	const waiting = Lock.take(path);
	t.deepEqual(await waiting.next(), { done: false, value: process.pid });
	const second = waiting.next();
	first.value[Symbol.dispose]();
	const got = await second;
	t.true(got.done);
	if (got.done) got.value[Symbol.dispose]();
	t.false(existsSync(path));
});

test("the lock of a process that has died is taken over", async (t) => {
	const path = join(await temporaryFolder(t), "lock");
	// No system hands out process ids this large.
	await writeFile(path, JSON.stringify({ pid: 2 ** 30, host: hostname() }));
	const taken = await Lock.take(path).next();
	t.true(taken.done);
	if (taken.done) taken.value[Symbol.dispose]();
});

test("another machine's lock is respected while it is renewed, and taken over when it no longer is", async (t) => {
	const path = join(await temporaryFolder(t), "lock");
	await writeFile(path, JSON.stringify({ pid: 1, host: "another.example" }));
	const waiting = Lock.take(path);
	t.deepEqual(await waiting.next(), { done: false, value: 1 });
	const longAgo = new Date(Date.now() - 10 * 60_000);
	await utimes(path, longAgo, longAgo);
	const taken = await waiting.next();
	t.true(taken.done);
	if (taken.done) taken.value[Symbol.dispose]();
});

test("waiting ends when it is aborted", async (t) => {
	const path = join(await temporaryFolder(t), "lock");
	using _held = (await Lock.take(path).next()).value as Lock;
	const controller = new AbortController();
	const waiting = Lock.take(path, controller.signal);
	await waiting.next();
	const next = waiting.next();
	controller.abort();
	await t.throwsAsync(next, { name: "AbortError" });
});
