import { writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import type { Locator, Page } from "playwright-core";
import { fovea } from "../helpers/fovea.ts";
import { jupyterFor, notebookOf } from "../helpers/jupyter.ts";
import { sleep } from "../helpers/kernel.ts";
import { Lab, screenshots } from "../helpers/lab.ts";

/** JupyterLab 4 in Chromium, used as a reader would. Screenshots are kept in build/screenshots/jupyterlab. */

const test = anyTest.serial as TestFn;
const shared = jupyterFor(anyTest);

let lab: Lab;
let page: Page;

const cells = [
	"console.log('printed'); const words = ['attention', 'gan']\nwords.map((word) => word.length)",
	"import * as plot from 'fovea/kernel/plot'\nconst wave = Array.from({ length: 60 }, (_, n) => Math.sin(n / 6))\nplot.line(wave, { title: 'static', y: { label: 'sin' } })",
	"plot.interactive(plot.heatmap([[1, 2, 3], [4, 5, 6]], { title: 'interactive' }))",
	"plot.interactive(plot.box({ ours: [1, 2, 3, 9], theirs: [2, 4, 6, 8] }))",
	`const size = 48
const data = Float32Array.from({ length: size * size * 3 }, (_, at) => ((at / 3) % size) / size)
const maps = [0, 1, 2].map((head) => Array.from({ length: 12 }, (_, row) => Array.from({ length: 12 }, (_, column) => Math.exp(-((row - 3 * head - 2) ** 2 + (column - 6) ** 2) / 8))))
plot.attention({ data, count: 1, height: size, width: size, range: 'unit' }, maps, { over: 'head', title: 'attention' })`,
	`async function* work() { for (let step = 1; step <= 30; step++) { await new Promise((go) => setTimeout(go, 20)); yield { step, steps: 30, losses: { generator: 1 / step, discriminator: Math.exp(-step / 10) } } } }
await plot.finish(plot.follow(work(), { every: 100 })); undefined`,
	"plot.table([{ metric: 'fid', value: 12.34567 }, { metric: 'kid', value: 0.0123456 }], { caption: 'table' })",
	"import { latex, markdown, json } from 'fovea/kernel/display'\ndisplay(markdown('**bold** text')); display(latex('e^{i\\\\pi} = -1')); display(json({ a: [1, 2] }))",
	"throw new RangeError('wanted')",
];

test.before(async (t) => {
	t.timeout(300_000);
	const { jupyter } = shared;
	// The reader's own way to the kernel, over the one that the helper installs.
	const installed = await fovea(["kernel", "install"], { environment: jupyter.environment });
	t.is(installed.code, 0, installed.stderr);
	writeFileSync(join(jupyter.folder, "demo.ipynb"), JSON.stringify(notebookOf(cells)));
	lab = await Lab.start(jupyter);
	page = lab.page;
	await lab.open("demo.ipynb");
});
test.after.always(() => lab?.stop());

test.afterEach.always(async (t) => {
	if (!t.passed) await page?.screenshot({ path: join(screenshots, "failed.png") });
});

const cell = (index: number): Locator => lab.cell(index);

/** A new cell at the end with this in it, and the cursor after it. */
async function write(code: string): Promise<Locator> {
	await page.locator(".jp-Notebook").press("Escape");
	const last = cell((await page.locator(".jp-NotebookPanel .jp-CodeCell").count()) - 1);
	await last.locator(".jp-InputPrompt").click();
	await page.keyboard.press("b");
	await page.keyboard.press("Enter");
	await page.keyboard.type(code);
	return cell((await page.locator(".jp-NotebookPanel .jp-CodeCell").count()) - 1);
}

test("run all: every cell has run and shows its output, the error too", async (t) => {
	await lab.menu("Run", "Run All Cells");
	await cell(cells.length - 1)
		.locator(".jp-OutputArea-output")
		.first()
		.waitFor();
	// The page shows a cell's output as it comes, its count only with the reply after it.
	for (const [index] of cells.entries())
		await cell(index)
			.locator(".jp-InputPrompt", { hasText: `[${index + 1}]:` })
			.waitFor();
	t.regex(await cell(0).locator(".jp-OutputArea").innerText(), /printed[\s\S]*\[ 9, 3 \]/);
	t.regex(await cell(8).locator(".jp-OutputArea").innerText(), /RangeError: wanted[\s\S]*Cell \[9\] 1:7/);
	await page.screenshot({ path: join(screenshots, "run-all.png") });
});

test("a figure is seen as SVG, and as Plotly where it was asked for, with plotly.js on the page once", async (t) => {
	const svg = cell(1).locator(".jp-RenderedSVG img, .jp-RenderedSVG svg").first();
	t.true(((await svg.boundingBox())?.width ?? 0) > 300);
	for (const index of [2, 3]) await cell(index).locator(".js-plotly-plot .main-svg").first().waitFor();
	t.is(await cell(2).locator(".hm image").count(), 1);
	t.true((await cell(3).locator(".boxlayer .trace").count()) >= 2);
	const scripts = await page.evaluate<number[]>(
		"[...document.querySelectorAll('.jp-OutputArea script')].map((script) => script.textContent.length)",
	);
	t.is(scripts.filter((length) => length > 1_000_000).length, 1);
	await cell(2).screenshot({ path: join(screenshots, "plotly.png") });
	await cell(1).screenshot({ path: join(screenshots, "svg.png") });
});

test("an attention overlay has a slider that changes the map that is seen", async (t) => {
	const view = cell(4).locator(".fovea-attention");
	const seen = () => view.locator(".frames img:visible").getAttribute("alt");
	t.is(await seen(), "head 1 of 3");
	// The middle of the slider is the second of three maps.
	await view.locator("input[type=range]").click();
	t.is(await seen(), "head 2 of 3");
	t.is(await view.locator("output").innerText(), "head 2 of 3");
	await cell(4).screenshot({ path: join(screenshots, "attention.png") });
});

test("progress is one bar that has filled and one chart, tables and formulas are drawn", async (t) => {
	t.is(await cell(5).locator("progress").count(), 1);
	t.is(await cell(5).locator("progress").getAttribute("value"), "30");
	t.is(await cell(5).locator(".jp-RenderedSVG").count(), 1);
	t.is(await cell(6).locator("table tbody tr").count(), 2);
	t.is(await cell(7).locator("strong").innerText(), "bold");
	t.true((await cell(7).locator("mjx-container, .MathJax").count()) > 0);
	await cell(5).screenshot({ path: join(screenshots, "progress.png") });
});

test("Tab completes a word by its type, Shift-Tab shows signature and documentation", async (t) => {
	const written = await write("words.forEa");
	await page.keyboard.press("Tab");
	await page.locator(".jp-Completer .jp-Completer-item", { hasText: "forEach" }).waitFor();
	await page.keyboard.press("Enter");
	await written.locator(".cm-content", { hasText: "words.forEach" }).waitFor();
	await page.keyboard.type("; words[0].");
	await page.keyboard.press("Tab");
	const list = page.locator(".jp-Completer .jp-Completer-item");
	await list.first().waitFor();
	t.true((await list.allInnerTexts()).some((text) => text.includes("charCodeAt")));
	await page.screenshot({ path: join(screenshots, "completion.png") });
	await page.keyboard.press("Escape");
	await write("Math.max(1, ");
	await page.keyboard.press("Shift+Tab");
	const tooltip = page.locator(".jp-Tooltip");
	await tooltip.waitFor();
	t.regex(await tooltip.innerText(), /max\(\.\.\.values: number\[\]\): number[\s\S]*Returns the larger/);
	await page.screenshot({ path: join(screenshots, "inspection.png") });
	await page.keyboard.press("Escape");
});

test("the stop button interrupts a loop, and what was made stays", async (t) => {
	const loop = await write("let turns = 0\nwhile (true) turns++");
	await page.keyboard.press("Shift+Enter");
	await lab.status("Busy");
	await sleep(1000);
	await page.locator('[data-command="notebook:interrupt-kernel"], jp-button[title^="Interrupt"]').first().click();
	await loop.locator(".jp-OutputArea-output", { hasText: "Interrupted" }).waitFor();
	const after = await write("turns > 1000");
	await page.keyboard.press("Shift+Enter");
	await after.locator(".jp-OutputArea-output", { hasText: "true" }).waitFor();
	await loop.screenshot({ path: join(screenshots, "interrupted.png") });
	t.pass();
});

test("input asks in the page, and a restart brings the kernel back", async (t) => {
	const asking = await write("input('name? ').toUpperCase()");
	await page.keyboard.press("Shift+Enter");
	await asking.locator(".jp-Stdin-input").fill("fovea");
	await asking.locator(".jp-Stdin-input").press("Enter");
	await asking.locator(".jp-OutputArea-output", { hasText: "'FOVEA'" }).waitFor();
	await lab.menu("Kernel", "Restart Kernel…");
	await page.locator(".jp-Dialog .jp-mod-accept").click();
	const after = await write("typeof globalThis + String(1 + 1)");
	await page.keyboard.press("Shift+Enter");
	await after.locator(".jp-OutputArea-output", { hasText: "'object2'" }).waitFor();
	await after.locator(".jp-InputPrompt", { hasText: "[1]:" }).waitFor();
	t.pass();
});
