import { createHash } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { type FetchOptions, fetchWeights } from "../../../harness/weights/fetch.ts";
import { fovea } from "../../helpers/fovea.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
const sha256 = createHash("sha256").update(content).digest("hex");

interface Server {
	readonly url: string;
	/** The `range` of each request. */
	readonly ranges: (string | undefined)[];
}

interface Serving {
	/** A folder: the first answer ends in its middle, once something of it lies there. */
	readonly breakInto?: string;
	readonly ranged?: boolean;
	readonly status?: number;
}

async function arrival(folder: string): Promise<void> {
	const size = async () => (await stat(join(folder, "w.pth.part")).catch(() => undefined))?.size ?? 0;
	while ((await size()) === 0) await setTimeout(5);
}

/** Serves the content. */
async function serve(t: ExecutionContext, { breakInto, ranged = true, status = 200 }: Serving = {}): Promise<Server> {
	const ranges: (string | undefined)[] = [];
	const server = createServer((request, response) => {
		const range = request.headers.range;
		ranges.push(range);
		if (status !== 200) {
			response.writeHead(status).end();
			return;
		}
		const start = ranged ? Number(/bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0) : 0;
		if (start >= content.length) {
			response.writeHead(416).end();
			return;
		}
		const body = content.subarray(start);
		response.writeHead(start > 0 ? 206 : 200, { "content-length": body.length });
		if (breakInto === undefined || ranges.length > 1) response.end(body);
		else response.write(body.subarray(0, 100_000), () => void arrival(breakInto).then(() => response.destroy()));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	t.teardown(() => server.close());
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/w.pth`, ranges };
}

async function get(url: string, options: FetchOptions, hash = sha256): Promise<string> {
	const weights = { name: "w", file: "w.pth", url, sha256: hash.slice(0, 8), purpose: "", use: "" };
	const steps = fetchWeights(weights, options);
	let step = await steps.next();
	while (!step.done) step = await steps.next();
	return step.value;
}

test("weights are downloaded whole, and not again while they are whole", async (t) => {
	const folder = await temporaryFolder(t);
	const server = await serve(t);
	const path = await get(server.url, { folder });
	t.deepEqual(await readFile(path), content);
	t.deepEqual(await readdir(folder), ["w.pth"]);
	await get(server.url, { folder });
	t.is(server.ranges.length, 1);
	await writeFile(path, content.subarray(1));
	t.deepEqual(await readFile(await get(server.url, { folder })), content);
});

test("a download that breaks off leaves nothing under the file's name, and goes on where it ended", async (t) => {
	const folder = await temporaryFolder(t);
	const server = await serve(t, { breakInto: folder });
	await t.throwsAsync(get(server.url, { folder }), { message: /must be sent whole, got .*goes on from there$/ });
	t.deepEqual(await readdir(folder), ["w.pth.part"]);
	const part = await readFile(join(folder, "w.pth.part"));
	t.true(part.length > 0 && part.length < content.length);
	t.deepEqual(await readFile(await get(server.url, { folder })), content);
	t.deepEqual(server.ranges, [undefined, `bytes=${part.length}-`]);
});

test("a server without ranges sends everything again", async (t) => {
	const folder = await temporaryFolder(t);
	await writeFile(join(folder, "w.pth.part"), content.subarray(0, 5000));
	t.deepEqual(await readFile(await get((await serve(t, { ranged: false })).url, { folder })), content);
});

test("a part that is whole already is checked and taken", async (t) => {
	const folder = await temporaryFolder(t);
	await writeFile(join(folder, "w.pth.part"), content);
	t.deepEqual(await readFile(await get((await serve(t)).url, { folder })), content);
});

test("another hash is refused, and nothing is kept", async (t) => {
	const folder = await temporaryFolder(t);
	const { url } = await serve(t);
	await t.throwsAsync(get(url, { folder }, "deadbeef"), {
		message: /must have a SHA-256 that begins with deadbeef, got/,
	});
	t.deepEqual(await readdir(folder), []);
});

test("a refusal and an address that does not answer say where to put the file", async (t) => {
	const folder = await temporaryFolder(t);
	const gone = await serve(t, { status: 404 });
	const where = new RegExp(`put it at ${join(folder, "w.pth")}, or name it with --from FILE$`);
	const refused = await t.throwsAsync(get(gone.url, { folder }), { message: where });
	t.regex(refused?.message ?? "", /got status 404/);
	const silent = await t.throwsAsync(get("http://127.0.0.1:9/w.pth", { folder }), { message: where });
	t.regex(silent?.message ?? "", /must be reachable/);
});

test("a file that is here already is checked and taken", async (t) => {
	const folder = await temporaryFolder(t);
	const from = join(await temporaryFolder(t), "mine.pth");
	await writeFile(from, content);
	t.deepEqual(await readFile(await get("http://127.0.0.1:9/", { folder, from })), content);
	await t.throwsAsync(get("http://127.0.0.1:9/", { folder: await temporaryFolder(t), from: `${from}x` }), {
		message: /^--from: .*mine\.pthx must be a file or an address, got ENOENT$/,
	});
});

test("the command lists what there is and where it would be", async (t) => {
	const cache = await temporaryFolder(t);
	const { code, stdout } = await fovea(["weights", "list", "--json"], { environment: { FOVEA_CACHE: cache } });
	t.is(code, 0);
	const { folder, weights } = JSON.parse(stdout);
	t.is(folder, join(cache, "weights"));
	t.deepEqual(
		weights.map(({ name }: { name: string }) => name),
		["inception", "alexnet", "vgg16", "squeezenet", "vgg19", "resnet18"],
	);
	for (const { file, sha256: digits, path, present } of weights) {
		t.true(file.endsWith(`-${digits}.pth`));
		t.is(path, join(folder, file));
		t.false(present);
	}
	const wrong = await fovea(["weights", "get", "alexnett"], { environment: { FOVEA_CACHE: cache } });
	t.is(wrong.code, 2);
	t.regex(wrong.stderr, /^weights: name must be one of .*, got alexnett, did you mean alexnet\?\n$/);
});
