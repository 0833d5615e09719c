import test from "ava";
import wire from "../../fixtures/kernel/wire.json" with { type: "json" };
import { makeMessage, Signer } from "../../kernel/messages.ts";
import { connect, encodeMessage, Listener } from "../../kernel/zmtp.ts";

const frames = wire.frames.map((hex) => Buffer.from(hex, "hex"));

test("a message that jupyter_client signed is accepted, and signed alike", (t) => {
	const signer = new Signer(wire.key);
	const decoded = signer.decode(frames);
	t.is(decoded?.message.content["code"], "1 + 1 // é\u2028");
	t.is(decoded?.message.header.username, "reader");
	t.is(signer.rejected, 0);
});

test("a message with one changed bit is dropped and counted", (t) => {
	const signer = new Signer(wire.key);
	for (const index of [1, 2, 3, 4, 5]) {
		const altered = frames.map((frame) => Buffer.from(frame));
		const target = altered[index];
		if (target) target[0] = (target[0] ?? 0) ^ 1;
		t.is(signer.decode(altered), undefined);
	}
	t.is(new Signer("another key").decode(frames), undefined);
	t.is(signer.rejected, 5);
});

test("an empty key turns signing off", (t) => {
	const signer = new Signer("");
	const encoded = signer.encode(makeMessage("status", { a: 1 }, { session: "s" })).map((frame) => Buffer.from(frame));
	t.is(encoded[1]?.length, 0);
	t.deepEqual(signer.decode(encoded)?.message.content, { a: 1 });
});

test("frames are those libzmq sends", (t) => {
	const bytes = Buffer.from(wire.libzmq.bytes, "hex");
	const sent = encodeMessage([Buffer.from("a"), Buffer.alloc(300, "x"), Buffer.alloc(0)]);
	t.deepEqual(bytes.subarray(bytes.length - sent.length), sent);
});

test("libzmq's own bytes are read as it meant them, however they are cut", async (t) => {
	const bytes = Buffer.from(wire.libzmq.bytes, "hex");
	for (const cut of [1, 7, 64, 1000]) {
		const received = new Promise<[string, Buffer[]]>((resolve) => {
			const listener: Listener = new Listener(
				"ROUTER",
				{ port: 0, host: "127.0.0.1" },
				{
					message: (peer, got) => {
						void listener.close(10);
						resolve([peer.identity.toString(), got]);
					},
				},
			);
			void listener.listen().then(async () => {
				const { connect: tcp } = await import("node:net");
				const socket = tcp(listener.port, "127.0.0.1");
				socket.on("error", () => {});
				for (let at = 0; at < bytes.length; at += cut) socket.write(bytes.subarray(at, at + cut));
			});
		});
		const [identity, got] = await received;
		t.is(identity, "client-1");
		t.deepEqual(
			got.map((frame) => frame.length),
			[1, 300, 0],
		);
	}
});

test("a subscriber gets the topics it asked for and no others", async (t) => {
	const listener = new Listener(
		"XPUB",
		{ port: 0, host: "127.0.0.1" },
		{ message: () => {}, subscribe: () => subscribed() },
	);
	let subscribed: () => void = () => {};
	const ready = new Promise<void>((resolve) => {
		subscribed = resolve;
	});
	await listener.listen();
	const heard: string[] = [];
	let done: () => void = () => {};
	const finished = new Promise<void>((resolve) => {
		done = resolve;
	});
	const peer = await connect(
		"SUB",
		{ port: listener.port, host: "127.0.0.1" },
		{
			message: ([topic = Buffer.alloc(0)]) => {
				heard.push(topic.toString());
				if (topic.toString() === "ab-last") done();
			},
		},
	);
	peer.subscribe("ab");
	await ready;
	for (const topic of ["abc", "b", "a", "ab-last"]) listener.publish([Buffer.from(topic), Buffer.from("x")]);
	await finished;
	t.deepEqual(heard, ["abc", "ab-last"]);
	await listener.close(10);
});

test("a message of ten megabytes arrives whole", async (t) => {
	const listener = new Listener("REP", { port: 0, host: "127.0.0.1" }, { message: (peer, got) => peer.send(got) });
	await listener.listen();
	const large = Buffer.alloc(10_000_000, "fovea");
	let resolve: (frames: Buffer[]) => void = () => {};
	const echoed = new Promise<Buffer[]>((settle) => {
		resolve = settle;
	});
	const peer = await connect("REQ", { port: listener.port, host: "127.0.0.1" }, { message: (got) => resolve(got) });
	peer.send([Buffer.alloc(0), large]);
	t.true((await echoed)[1]?.equals(large));
	peer.socket.destroy();
	await listener.close(10);
});
