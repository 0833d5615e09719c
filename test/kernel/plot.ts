import test from "ava";
import { parseHTML } from "linkedom";
import sharp from "sharp";
import type { Mark } from "../../kernel/figure.ts";
import type { Bundle } from "../../kernel/messages.ts";
import {
	attention,
	bar,
	box,
	figure,
	finish,
	follow,
	heatmap,
	histogram,
	line,
	picture,
	scatter,
	table,
} from "../../kernel/plot.ts";

type Pair = [x: number, y: number];
const DISPLAY = Symbol.for("Jupyter.display");
type Shown = { [DISPLAY](): Bundle | Promise<Bundle> };
const bundleOf = async (value: unknown) => (value as Shown)[DISPLAY]();
const wave = Array.from({ length: 50 }, (_, index) => Math.sin(index / 5));

const figures = {
	line: () => line(wave, { title: "a < b & c", y: { label: "loss" } }),
	scatter: () => scatter(wave, wave, { x: { range: [-2, 2] } }),
	bar: () => bar({ fid: 3, kid: 4 }),
	histogram: () => histogram(wave, { bins: 10 }),
	box: () => box({ a: wave, b: [1, 2, 3] }),
	heatmap: () =>
		heatmap(
			[
				[0, 1],
				[2, Number.NaN],
			],
			{ label: "weight" },
		),
	log: () => line([1, 10, 100], { y: { log: true } }),
};
for (const [name, make] of Object.entries(figures))
	test(`${name}: one bundle of Plotly, SVG and text, the SVG a picture that another reader draws`, async (t) => {
		const bundle = await bundleOf(make());
		t.deepEqual(Object.keys(bundle), [
			...["application/vnd.plotly.v1+json", "image/svg+xml", "image/png", "text/plain"],
		]);
		const svg = String(bundle["image/svg+xml"]);
		t.is(parseHTML(svg).document.querySelectorAll("svg").length > 1, true);
		const { channels } = await sharp(Buffer.from(svg)).stats();
		// Something is drawn: not every pixel is the white ground.
		t.true(channels.some(({ min }) => min < 128));
		const { data } = bundle["application/vnd.plotly.v1+json"] as { data: unknown[] };
		t.true(data.length > 0);
	});

test("a line in SVG has the points of its data, in proportion", async (t) => {
	const svg = await figure([{ kind: "line", x: [0, 1, 2], y: [0, 1, 0] }]).svg();
	const path = /d="(M[^"L]+L[^"L]+L[^"L]+)"/.exec(svg)?.[1] ?? "";
	const [first, top, last] = path
		.slice(1)
		.split("L")
		.map((pair) => pair.split(",").map(Number)) as [Pair, Pair, Pair];
	// SVG keeps three decimals of a pixel.
	t.true(Math.abs((first[0] + last[0]) / 2 - top[0]) < 0.01);
	t.true(top[1] < first[1]);
	t.is(first[1], last[1]);
});

test("the names of many series take as many rows as they need, and no two lines look alike", async (t) => {
	const names = Array.from({ length: 13 }, (_, index) => `D/loss_number_${index}`);
	const marks = names.map((name, index): Mark => ({ kind: "line", x: [0, 1], y: [index, index + 1], name }));
	const { document } = parseHTML(await figure(marks, { height: 300 }).svg());
	const legend = [...document.querySelectorAll("svg > text")].filter((each) => names.includes(each.textContent ?? ""));
	t.deepEqual(
		legend.map((each) => each.textContent),
		names,
	);
	// Letters of 12 pixels' size are at most 8 wide on average, in every font that a reader may have.
	for (const each of legend) t.true(Number(each.getAttribute("x")) + 8 * (each.textContent ?? "").length <= 640);
	const lines = [...document.querySelectorAll("g[aria-label=line]")];
	t.is(lines.length, 13);
	t.is(
		new Set(lines.map((each) => `${each.getAttribute("stroke")} ${each.getAttribute("stroke-dasharray")}`)).size,
		13,
	);
});

test("figures refuse numbers that do not pair up", (t) => {
	t.throws(() => scatter([1, 2], [1]), { message: "figure: x and y of a scatter must be of one length, got 2 and 1" });
	t.throws(() => heatmap([[1], [1, 2]]), { message: /rows of a heatmap must be of one length/ });
	t.throws(() => figure([]), { message: "figure: needs a mark, got none" });
});

test("a picture is shown in its range; a value outside it is refused", async (t) => {
	const data = Float32Array.from([-1, 0, 1, -1, 0, 1]);
	const shown = picture({ data, count: 1, height: 1, width: 2, range: "signed" }, { scale: 1 });
	t.deepEqual([...shown.pixels.data], [0, 128, 255, 0, 128, 255]);
	t.deepEqual(Object.keys(await bundleOf(shown)), ["image/png", "text/plain"]);
	const tensor = { shape: [2, 1, 1, 1], dataSync: () => Float32Array.of(0, 1) };
	t.like(picture(tensor, { scale: 1, gap: 0 }).pixels, { width: 2, height: 1 });
	t.throws(() => picture({ shape: [1, 1], dataSync: () => [2] }), {
		message: 'picture: values must be 0 … 1 (range: "unit"), got 2',
	});
	t.throws(() => picture({ shape: [3], dataSync: () => [2] }), { message: /shape must be \[h, w\]/ });
});

test("attention maps lie over the picture, with a slider over them and one scale for all", async (t) => {
	const grey = { data: new Uint8Array(4 * 4 * 3).fill(100), count: 1, height: 4, width: 4, range: "byte" } as const;
	const view = attention(
		grey,
		[
			[
				[0, 1],
				[0, 0],
			],
			[
				[0, 0],
				[0, 0.5],
			],
		],
		{ over: "head", scale: 8, labels: ["one <", "two"] },
	);
	t.deepEqual(view.range, [0, 1]);
	const bundle = await bundleOf(view);
	const { document } = parseHTML(String(bundle["text/html"]));
	t.is(document.querySelectorAll(".frames img").length, 2);
	t.is(document.querySelector("input[type=range]")?.getAttribute("max"), "1");
	const { data } = await sharp(view.png()).raw().toBuffer({ resolveWithObject: true });
	const width = (await sharp(view.png()).metadata()).width;
	// In the first overlay, which begins 6 pixels right of the picture, the top right quarter is the brightest.
	const at = (x: number, y: number) => data[(y * width + 38 + x) * 3] ?? 0;
	t.true(at(24, 4) > at(4, 4) + 50);
	t.is(at(4, 4), at(4, 24));
	t.throws(() => attention(grey, []), { message: "attention: needs a map, got none" });
});

test("a table in HTML, Markdown and text", async (t) => {
	const bundle = await bundleOf(
		table([
			{ name: "a|b", fid: 1.23456 },
			{ name: "<c>", kid: 2 },
		]),
	);
	t.is(bundle["text/plain"], "name  fid    kid\na|b   1.235\n<c>          2");
	t.is(bundle["text/markdown"], "| name | fid | kid |\n| --- | --- | --- |\n| a\\|b | 1.235 |  |\n| <c> |  | 2 |");
	t.true(String(bundle["text/html"]).includes("&lt;c&gt;"));
});

test("followed work passes its events on unchanged", async (t) => {
	const events = [1, 2, 3].map((step) => ({ step, steps: 3, losses: { critic: 1 / step } }));
	const seen: unknown[] = [];
	for await (const event of follow(events, { every: 1e9 })) seen.push(event);
	t.deepEqual(seen, events);
	t.is(await finish(follow(events, { every: 1e9, curves: false })), events[2]);
});
