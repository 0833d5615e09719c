import { Writable } from "node:stream";
import test from "ava";
import { duration, ProgressLine } from "../../harness/progress.ts";

/** A stream that keeps what is written; `isTTY` makes it a terminal of 80 columns. */
function kept(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
	let text = "";
	const stream = new Writable({
		write(chunk: Buffer, _encoding, done) {
			text += chunk.toString();
			done();
		},
	});
	const extra = { isTTY, columns: 80, cursorTo: () => true, clearLine: () => true, moveCursor: () => true };
	return { stream: Object.assign(stream, extra) as unknown as NodeJS.WriteStream, text: () => text };
}

test("without a terminal a line comes no more often than asked, with share, rate and time left", async (t) => {
	const { stream, text } = kept(false);
	using bar = new ProgressLine({ label: "train", stream, every: 50 });
	bar.update({ done: 0, total: 200 });
	await new Promise((resolve) => setTimeout(resolve, 60));
	bar.update({ done: 50, total: 200, text: "loss 0.5" });
	bar.update({ done: 51, total: 200 });
	const lines = text().split("\n");
	t.is(lines.length, 2);
	t.regex(lines[0] as string, /^train: 50\/200 \(25 %\), \d+(\.\d+)?\/s, \d+ s left, loss 0\.5$/);
});

test("work that was done before a resumed run does not count for its rate", async (t) => {
	const { stream, text } = kept(false);
	using bar = new ProgressLine({ label: "train", stream, every: 0 });
	bar.update({ done: 1000, total: 1010 });
	await new Promise((resolve) => setTimeout(resolve, 100));
	bar.update({ done: 1001, total: 1010 });
	const rate = /, ([\d.]+)\/s/.exec(text().split("\n").at(-2) as string)?.[1];
	t.true(Number(rate) <= 10, `one step in 100 ms or more, got ${rate}/s`);
});

test("on a terminal a bar is drawn", (t) => {
	const { stream, text } = kept(true);
	{
		using bar = new ProgressLine({ label: "train", stream });
		bar.update({ done: 0, total: 4 });
		bar.update({ done: 2, total: 4, text: "loss 0.5" });
	}
	t.regex(text(), /train .*0\/4/);
});

test("quiet prints nothing, on a terminal or off it", (t) => {
	for (const isTTY of [true, false]) {
		const { stream, text } = kept(isTTY);
		using bar = new ProgressLine({ label: "train", quiet: true, stream, every: 0 });
		bar.update({ done: 1, total: 2 });
		t.is(text(), "");
	}
});

const spans: readonly (readonly [number, string])[] = [
	[0.4, "0 s"],
	[89, "89 s"],
	[600, "10 min"],
	[12_000, "3 h 20 min"],
];
for (const [seconds, text] of spans) test(`${seconds} seconds read ${text}`, (t) => t.is(duration(seconds), text));
