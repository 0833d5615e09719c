import net from "node:net";
import anyTest, { type TestFn } from "ava";
import { Random } from "../../engine/random.ts";
import { makeMessage, Signer } from "../../kernel/messages.ts";
import { encodeMessage } from "../../kernel/zmtp.ts";
import { kernelFor, sleep, value } from "../helpers/kernel.ts";

const test = anyTest.serial as TestFn;
const shared = kernelFor(anyTest);
const CASES = 10_000;

/** A connection whose handshake is done by hand, so that anything at all can follow. */
async function rawConnection(port: number): Promise<{ socket: net.Socket; received: () => number }> {
	const socket = net.connect(port, "127.0.0.1");
	let received = 0;
	socket.on("error", () => {});
	socket.on("data", (chunk) => {
		received += chunk.length;
	});
	await new Promise((resolve) => socket.once("connect", resolve));
	socket.write(handshake());
	return { socket, received: () => received };
}

function handshake(): Buffer {
	const greeting = Buffer.alloc(64);
	greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]);
	greeting.write("NULL", 12);
	const ready = Buffer.from("\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0", "latin1");
	return Buffer.concat([greeting, Buffer.from([4, ready.length]), ready]);
}

test("10,000 malformed, truncated and wrongly signed messages: no crash, and no answer to any", async (t) => {
	t.timeout(240_000);
	const { kernel } = shared;
	const { key, shell_port, control_port, stdin_port, iopub_port, hb_port } = kernel.connection;
	const random = Random.seed(6).split("fuzz");
	const integer = (below: number) => random.integer(below);
	const ports = [shell_port, control_port, stdin_port];
	const wrong = new Signer("not the key");
	const right = new Signer(key);
	const bytes = (length: number) => Buffer.from(Array.from({ length }, () => integer(256)));
	const request = () =>
		makeMessage("execute_request", { code: "globalThis.broken = true", silent: false }, { session: "s" });

	/** One hostile message; every kind in turn. */
	const hostile = (kind: number): Buffer => {
		const good = encodeMessage(right.encode(request()));
		const frames = right.encode(request()).map((frame) => Buffer.from(frame));
		switch (kind) {
			case 0:
				return encodeMessage(wrong.encode(request()));
			case 1: {
				// One bit of the signed parts changed; the header's length stays.
				const target = frames[1 + integer(5)];
				const at = integer(Math.max(1, target?.length ?? 1));
				if (target && target.length > 0) target[at] = (target[at] ?? 0) ^ (1 << integer(7));
				return encodeMessage(frames);
			}
			case 2:
				return encodeMessage(frames.slice(0, integer(frames.length)).concat(Buffer.from("x")));
			case 3:
				return good.subarray(0, integer(good.length));
			case 4:
				return bytes(1 + integer(200));
			case 5:
				// A length no message has.
				return Buffer.from([2, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
			case 6:
				return encodeMessage([
					Buffer.from("<IDS|MSG>"),
					Buffer.alloc(64, "0"),
					...["{", "null", "[]", '"x"'].map((text) => Buffer.from(text)),
				]);
			case 7:
				return Buffer.concat([Buffer.from([4, 5, 4]), bytes(4)]);
			case 8:
				return encodeMessage(Array.from({ length: 1 + integer(30) }, () => bytes(integer(30))));
			default:
				return encodeMessage([Buffer.from("<IDS|MSG>"), Buffer.alloc(0), ...frames.slice(2)]);
		}
	};
	for (let from = 0; from < CASES; from += 100) {
		// The connection's own greeting and READY are all it may ever hear.
		const all = await Promise.all(ports.map(rawConnection));
		for (let index = from; index < from + 100; index++) {
			const { socket } = all[index % 3] ?? {};
			if (!socket) continue;
			if (socket.destroyed) all[index % 3] = await rawConnection(ports[index % 3] ?? 0);
			all[index % 3]?.socket.write(hostile(integer(10)));
		}
		await sleep(5);
		for (const { socket, received } of all) {
			t.true(received() <= 200, `got ${received()} bytes`);
			socket.destroy();
		}
	}
	for (const port of [iopub_port, hb_port]) {
		for (let index = 0; index < 50; index++) {
			const socket = net.connect(port, "127.0.0.1");
			socket.on("error", () => {});
			socket.write(bytes(100));
			await sleep(1);
			socket.destroy();
		}
	}
	t.is(
		value(await kernel.execute("[typeof (globalThis as { broken?: boolean }).broken, 1 + 1]")),
		"[ 'undefined', 2 ]",
	);
});
