import { createRequire } from "node:module";
import { join } from "node:path";
import { connect, Listener } from "../kernel/zmtp.ts";
import { jupyterHome } from "../test/helpers/jupyter.ts";
import { against, type Bench, median } from "./bench.ts";

const ROUNDS = 3000;
const LINES = 20_000;
const body = Buffer.alloc(1024, "x");
const local = { port: 0, host: "127.0.0.1" } as const;

/** What is used here of zeromq 6.8. */
interface ZeroMq {
	readonly Router: new () => Socket;
	readonly Dealer: new () => Socket;
	readonly Publisher: new (options: { sendHighWaterMark: number }) => Socket;
	readonly Subscriber: new (options: { receiveHighWaterMark: number }) => Socket;
}
interface Socket extends AsyncIterable<Buffer[]> {
	readonly lastEndpoint: string | null;
	bind(address: string): Promise<void>;
	connect(address: string): void;
	subscribe(topic?: string): void;
	send(frames: readonly Uint8Array[]): Promise<void>;
	receive(): Promise<Buffer[]>;
	close(): void;
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Microseconds from a request of 1 kB to its echo. */
async function ourRoundTrip(): Promise<number> {
	const listener = new Listener("ROUTER", local, { message: (peer, frames) => peer.send(frames) });
	await listener.listen();
	let hear: () => void = () => {};
	const peer = await connect("DEALER", { ...local, port: listener.port }, { message: () => hear() });
	const times: number[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		const began = performance.now();
		const heard = new Promise<void>((resolve) => {
			hear = resolve;
		});
		peer.send([body]);
		await heard;
		times.push(1000 * (performance.now() - began));
	}
	peer.socket.destroy();
	await listener.close(10);
	return median(times);
}

async function theirRoundTrip({ Router, Dealer }: ZeroMq): Promise<number> {
	const [router, dealer] = [new Router(), new Dealer()];
	await router.bind("tcp://127.0.0.1:0");
	dealer.connect(router.lastEndpoint ?? "");
	void (async () => {
		for await (const frames of router) await router.send(frames);
	})().catch(() => {});
	const times: number[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		const began = performance.now();
		await dealer.send([body]);
		await dealer.receive();
		times.push(1000 * (performance.now() - began));
	}
	router.close();
	dealer.close();
	return median(times);
}

/** Milliseconds until a subscriber has 20,000 messages of two frames. */
async function ourLines(): Promise<number> {
	const listener = new Listener("XPUB", local, { message: () => {} });
	await listener.listen();
	let count = 0;
	let done: () => void = () => {};
	const all = new Promise<void>((resolve) => {
		done = resolve;
	});
	const message = () => {
		if (++count === LINES) done();
	};
	const peer = await connect("SUB", { ...local, port: listener.port }, { message });
	peer.subscribe("");
	await sleep(100);
	const began = performance.now();
	for (let line = 0; line < LINES; line++) listener.publish([Buffer.from("stream"), body]);
	await all;
	const took = performance.now() - began;
	peer.socket.destroy();
	await listener.close(10);
	return took;
}

async function theirLines({ Publisher, Subscriber }: ZeroMq): Promise<number> {
	const publisher = new Publisher({ sendHighWaterMark: 0 });
	const subscriber = new Subscriber({ receiveHighWaterMark: 0 });
	await publisher.bind("tcp://127.0.0.1:0");
	subscriber.connect(publisher.lastEndpoint ?? "");
	subscriber.subscribe();
	await sleep(100);
	const began = performance.now();
	const sending = (async () => {
		for (let line = 0; line < LINES; line++) await publisher.send([Buffer.from("stream"), body]);
	})();
	for (let line = 0; line < LINES; line++) await subscriber.receive();
	await sending;
	const took = performance.now() - began;
	publisher.close();
	subscriber.close();
	return took;
}

export const bench: Bench = {
	about: "ZMTP over node:net against zeromq 6.8's native sockets; needs .ci/jupyter",
	async run(report) {
		const began = performance.now();
		const theirs = createRequire(join(jupyterHome(), "rivals", "x.js"))("zeromq") as ZeroMq;
		const load = performance.now() - began;
		report({ name: "loading zeromq's module", ours: load, unit: "ms", target: "", pass: true });
		report(against("round trip of 1 kB", "µs", await ourRoundTrip(), await theirRoundTrip(theirs), 1.5));
		report(against(`${LINES} published messages of 1 kB`, "ms", await ourLines(), await theirLines(theirs), 1.5));
	},
};
