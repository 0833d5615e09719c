import test from "ava";
import sharp from "sharp";
import { colourAt, heat, overlay } from "../../harness/colours.ts";
import { curves, seriesColours } from "../../harness/curves.ts";
import { drawSheet } from "../../harness/sheet.ts";
import { markdownTable, textTable } from "../../harness/table.ts";

const red = { pixels: Uint8Array.from({ length: 48 }, (_, at) => (at % 3 === 0 ? 255 : 0)), height: 4, width: 4 };

test("a sheet shows every tile at its place, enlarged without smoothing", async (t) => {
	const png = await drawSheet({ title: "", columns: [""], rows: [{ label: "", tiles: [red] }], tile: 40 });
	const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
	let count = 0;
	for (let at = 0; at < data.length; at += info.channels) {
		if (data[at] === 255 && data[at + 1] === 0 && data[at + 2] === 0) count += 1;
	}
	t.is(count, 40 * 40);
});

test("labels are drawn with the package's own font and widen the sheet", async (t) => {
	const draw = async (label: string) =>
		sharp(await drawSheet({ title: "", columns: [""], rows: [{ label, tiles: [red] }], tile: 40 })).metadata();
	const [bare, labelled] = [await draw(""), await draw("a label & <more>")];
	t.true((labelled.width ?? 0) > (bare.width ?? 0) + 50);
});

test("the heat scale grows lighter from end to end", (t) => {
	const light = heat.map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b);
	for (let at = 1; at < light.length; at += 1) t.true((light[at] as number) >= (light[at - 1] as number));
	t.deepEqual(colourAt(-1), colourAt(0));
	t.deepEqual(colourAt(2), colourAt(1));
});

test("an overlay of another size than its picture is refused", (t) => {
	t.throws(() => overlay(red, new Float32Array(3)), { message: /16 values, got 3/ });
});

test("curves hold a line for each series and panel, and escape names", (t) => {
	const points = [0, 1, 2].flatMap((x) =>
		["a <b>", "c"].flatMap((series) => ["G", "D"].map((panel) => ({ x, y: x * x, series, panel }))),
	);
	const svg = curves(points, { title: "T & U", x: "step", y: "loss" });
	for (const colour of seriesColours.slice(0, 2)) {
		t.is(svg.split(`stroke="${colour}"`).length - 1, 2);
	}
	t.false(svg.includes("a <b>"));
	t.true(svg.includes("a &lt;b&gt;") && svg.includes("T &amp; U"));
});

test("tables align in text and escape in Markdown", (t) => {
	const table = { title: "T", columns: ["name", "n"], rows: [["a|b", "1"], ["c", "22"]] }; // biome-ignore format: a table
	const lines = textTable(table).split("\n");
	t.is(lines[4], "a|b    1");
	t.is(lines[5], "c     22");
	t.true(markdownTable(table).includes("| a\\|b | 1 |"));
});
