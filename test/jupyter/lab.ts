import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import type { Browser, Locator, Page } from "playwright-core";
import { launch } from "../helpers/browser.ts";
import { fovea } from "../helpers/fovea.ts";
import { jupyterFor, notebookOf, repository } from "../helpers/jupyter.ts";
import { sleep } from "../helpers/kernel.ts";

/** JupyterLab 4 in Chromium, used as a reader would. Screenshots are kept in build/screenshots/jupyterlab. */

const test = anyTest.serial as TestFn;
const shared = jupyterFor(anyTest);
const pictures = join(repository, "build", "screenshots", "jupyterlab");
const PATIENCE = Number(process.env["P"] ?? 60_000);

let lab: ChildProcess | undefined;
let browser: Browser | undefined;
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

async function freePort(): Promise<number> {
	const server = net.createServer().listen(0, "127.0.0.1");
	await new Promise((resolve) => server.once("listening", resolve));
	const { port } = server.address() as net.AddressInfo;
	await new Promise((resolve) => server.close(resolve));
	return port;
}

test.before(async (t) => {
	t.timeout(300_000);
	const { jupyter } = shared;
	mkdirSync(pictures, { recursive: true });
	// The reader's own way to the kernel, over the one that the helper installs.
	const installed = await fovea(["kernel", "install"], { environment: jupyter.environment });
	t.is(installed.code, 0, installed.stderr);
	writeFileSync(join(jupyter.folder, "demo.ipynb"), JSON.stringify(notebookOf(cells)));
	const settings = join(jupyter.folder, "settings", "@jupyterlab");
	mkdirSync(join(settings, "notebook-extension"), { recursive: true });
	mkdirSync(join(settings, "apputils-extension"), { recursive: true });
	// Every cell stays in the page, and nothing is asked of the network.
	writeFileSync(join(settings, "notebook-extension", "tracker.jupyterlab-settings"), '{"windowingMode": "none"}');
	writeFileSync(
		join(settings, "apputils-extension", "notification.jupyterlab-settings"),
		'{"fetchNews": "false", "checkForUpdates": false}',
	);
	const port = await freePort();
	lab = spawn(
		join(jupyter.home, "bin", "jupyter"),
		["lab", "--no-browser", "--allow-root", `--port=${port}`, "--ip=127.0.0.1", "--IdentityProvider.token=fovea"],
		{
			cwd: jupyter.folder,
			env: { ...jupyter.environment, JUPYTERLAB_SETTINGS_DIR: join(jupyter.folder, "settings") },
			stdio: "ignore",
		},
	);
	const address = `http://127.0.0.1:${port}`;
	for (let waited = 0; ; waited += 200) {
		const answered = await fetch(`${address}/api/status?token=fovea`).catch(() => undefined);
		if (answered?.ok) break;
		if (waited > PATIENCE) throw new Error("test: JupyterLab must answer, got nothing");
		await sleep(200);
	}
	browser = await launch();
	const context = await browser.newContext({ viewport: { width: 1280, height: 2600 } });
	context.setDefaultTimeout(PATIENCE);
	page = await context.newPage();
	await page.goto(`${address}/lab/tree/demo.ipynb?token=fovea`);
	await page.locator(".jp-NotebookPanel .jp-CodeCell").first().waitFor();
	await status("Idle");
});
test.after.always(async () => {
	await browser?.close();
	lab?.kill("SIGTERM");
	await new Promise((resolve) => (lab && lab.exitCode === null ? lab.once("exit", resolve) : resolve(undefined)));
});

test.afterEach.always(async (t) => {
	if (!t.passed) await page?.screenshot({ path: join(pictures, "failed.png") });
});

const cell = (index: number): Locator => page.locator(".jp-NotebookPanel .jp-CodeCell").nth(index);

/** Waits until the status bar says that the kernel is there and in this state. */
async function status(state: "Idle" | "Busy"): Promise<void> {
	await page.getByText(`TypeScript (fovea) | ${state}`).waitFor();
}

async function menu(...path: readonly string[]): Promise<void> {
	const [bar = "", item = ""] = path;
	await page.locator(".lm-MenuBar-itemLabel", { hasText: new RegExp(`^${bar}$`) }).click();
	await page.locator(".lm-Menu-itemLabel", { hasText: new RegExp(`^${item}$`) }).click();
}

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
	await menu("Run", "Run All Cells");
	await cell(cells.length - 1)
		.locator(".jp-OutputArea-output")
		.first()
		.waitFor();
	await status("Idle");
	for (const [index] of cells.entries())
		t.is(await cell(index).locator(".jp-InputPrompt").innerText(), `[${index + 1}]:`);
	t.regex(await cell(0).locator(".jp-OutputArea").innerText(), /printed[\s\S]*\[ 9, 3 \]/);
	t.regex(await cell(8).locator(".jp-OutputArea").innerText(), /RangeError: wanted[\s\S]*Cell \[9\] 1:7/);
	await page.screenshot({ path: join(pictures, "run-all.png") });
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
	await cell(2).screenshot({ path: join(pictures, "plotly.png") });
	await cell(1).screenshot({ path: join(pictures, "svg.png") });
});

test("an attention overlay has a slider that changes the map that is seen", async (t) => {
	const view = cell(4).locator(".fovea-attention");
	const seen = () => view.locator(".frames img:visible").getAttribute("alt");
	t.is(await seen(), "head 1 of 3");
	// The middle of the slider is the second of three maps.
	await view.locator("input[type=range]").click();
	t.is(await seen(), "head 2 of 3");
	t.is(await view.locator("output").innerText(), "head 2 of 3");
	await cell(4).screenshot({ path: join(pictures, "attention.png") });
});

test("progress is one bar that has filled and one chart, tables and formulas are drawn", async (t) => {
	t.is(await cell(5).locator("progress").count(), 1);
	t.is(await cell(5).locator("progress").getAttribute("value"), "30");
	t.is(await cell(5).locator(".jp-RenderedSVG").count(), 1);
	t.is(await cell(6).locator("table tbody tr").count(), 2);
	t.is(await cell(7).locator("strong").innerText(), "bold");
	t.true((await cell(7).locator("mjx-container, .MathJax").count()) > 0);
	await cell(5).screenshot({ path: join(pictures, "progress.png") });
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
	await page.screenshot({ path: join(pictures, "completion.png") });
	await page.keyboard.press("Escape");
	await write("Math.max(1, ");
	await page.keyboard.press("Shift+Tab");
	const tooltip = page.locator(".jp-Tooltip");
	await tooltip.waitFor();
	t.regex(await tooltip.innerText(), /max\(\.\.\.values: number\[\]\): number[\s\S]*Returns the larger/);
	await page.screenshot({ path: join(pictures, "inspection.png") });
	await page.keyboard.press("Escape");
});

test("the stop button interrupts a loop, and what was made stays", async (t) => {
	const loop = await write("let turns = 0\nwhile (true) turns++");
	await page.keyboard.press("Shift+Enter");
	await status("Busy");
	await sleep(1000);
	await page.locator('[data-command="notebook:interrupt-kernel"], jp-button[title^="Interrupt"]').first().click();
	await loop.locator(".jp-OutputArea-output", { hasText: "Interrupted" }).waitFor();
	const after = await write("turns > 1000");
	await page.keyboard.press("Shift+Enter");
	await after.locator(".jp-OutputArea-output", { hasText: "true" }).waitFor();
	await loop.screenshot({ path: join(pictures, "interrupted.png") });
	t.pass();
});

test("input asks in the page, and a restart brings the kernel back", async (t) => {
	const asking = await write("input('name? ').toUpperCase()");
	await page.keyboard.press("Shift+Enter");
	await asking.locator(".jp-Stdin-input").fill("fovea");
	await asking.locator(".jp-Stdin-input").press("Enter");
	await asking.locator(".jp-OutputArea-output", { hasText: "'FOVEA'" }).waitFor();
	await menu("Kernel", "Restart Kernel…");
	await page.locator(".jp-Dialog .jp-mod-accept").click();
	const after = await write("typeof globalThis + String(1 + 1)");
	await page.keyboard.press("Shift+Enter");
	await after.locator(".jp-OutputArea-output", { hasText: "'object2'" }).waitFor();
	t.is(await after.locator(".jp-InputPrompt").innerText(), "[1]:");
});
