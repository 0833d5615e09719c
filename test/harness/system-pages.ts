import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { startEngine } from "../../engine/engine.ts";
import { headComment, systemPages } from "../../harness/system-pages.ts";
import { systemSources } from "../../harness/system-sources.ts";

test.before(() => startEngine({ engine: "wasm" }));

test("docs/systems is what npm run docs writes", async (t) => {
	const folder = join("docs", "systems");
	const pages = systemPages(await systemSources("."));
	t.deepEqual((await readdir(folder)).sort(), [...pages.keys()].sort(), "npm run docs");
	for (const [name, text] of pages) t.is(await readFile(join(folder, name), "utf8"), text, `${name}: npm run docs`);
});

test("every option of every card is explained in its sources", async (t) => {
	const pages = systemPages(await systemSources("."));
	const silent = [...pages].flatMap(([name, text]) => {
		const options = text.split("## Options")[1]?.split("\n## ")[0] ?? "";
		return [...options.matchAll(/^\| `(\w+)` \| `[^`]*` \|\s*\|$/gm)].map(([, option]) => `${name}: ${option}`);
	});
	t.deepEqual(silent, []);
});

test("a comment's indented lines become a figure, and its paragraphs stay", (t) => {
	const source =
		'/**\n * Title: cites.\n *\n *     a → b\n *       c\n *\n * Differs from the paper.\n */\nimport "x";\n/** Not this. */';
	t.is(headComment(source), "Title: cites.\n\n```text\na → b\n  c\n```\n\nDiffers from the paper.");
});
