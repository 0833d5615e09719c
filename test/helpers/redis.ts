import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { ExecutionContext } from "ava";
import { temporaryFolder } from "./temporary.ts";

/** A Redis server of the test's own, ended with it. @returns Its address. */
export async function startRedis(t: ExecutionContext): Promise<string> {
	const folder = await temporaryFolder(t);
	const port = await freePort();
	const child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder], {
		stdio: ["ignore", "pipe", "ignore"],
	});
	t.teardown(() => void child.kill("SIGKILL"));
	await new Promise<void>((ready, reject) => {
		child.once("error", (cause: NodeJS.ErrnoException) => {
			reject(new Error(`redis tests: need redis-server, got ${cause.code}; apt-get install redis-server`, { cause }));
		});
		child.stdout.on("data", (text: Buffer) => {
			if (text.includes("Ready to accept connections")) ready();
		});
		child.once("exit", (code) => reject(new Error(`redis-server: must start, got exit code ${code}`)));
	});
	return `redis://127.0.0.1:${port}`;
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	await new Promise((closed) => server.close(closed));
	return port;
}
