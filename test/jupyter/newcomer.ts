import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { readNotebook } from "../../kernel/notebook.ts";
import { jupyterFor, repository } from "../helpers/jupyter.ts";
import { Lab, screenshots } from "../helpers/lab.ts";

/**
 * The path of somebody new, in the README's own words: its commands are read from it, so that words that drift fail here. Then
 * look at what it shows; all notebooks run under nbconvert in notebooks.ts. Screenshots are kept in build/screenshots/jupyterlab.
 */

const test = anyTest.serial as TestFn;
const shared = jupyterFor(anyTest);

/** The commands under a heading of the README, each with what its comment says. */
function commandsUnder(heading: string) {
	const readme = readFileSync(join(repository, "README.md"), "utf8");
	const [, section = ""] = readme.split(`\n## ${heading}\n`);
	const [, block = ""] = /```sh\n([\s\S]*?)```/.exec(section) ?? [];
	return block
		.split("\n")
		.filter((line) => line.trim() !== "")
		.map((line) => {
			const [command = "", comment = ""] = line.split("#").map((part) => part.trim());
			return { command, comment };
		});
}

const [install, start] = commandsUnder("Notebooks");
const [, opened = ""] = /open (notebooks\/[\w-]+\.ipynb), Run All/.exec(start?.comment ?? "") ?? [];

let lab: Lab;

test.before(async (t) => {
	t.timeout(300_000);
	const { jupyter } = shared;
	t.deepEqual([install?.command, start?.command], ["npx fovea kernel install", "jupyter lab"]);
	t.is(opened, "notebooks/cca-gan.ipynb");
	const [program = "", ...words] = (install?.command ?? "").split(" ");
	await promisify(execFile)(program, words, { cwd: repository, env: jupyter.environment });
	// The notebooks without what they showed before, in a folder whose files may change.
	mkdirSync(join(jupyter.folder, "clone", "notebooks"), { recursive: true });
	for (const name of readdirSync(join(repository, "notebooks")).filter((one) => one.endsWith(".ipynb"))) {
		const notebook = readNotebook(join(repository, "notebooks", name));
		const cells = notebook.cells.map((cell) =>
			cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell,
		);
		writeFileSync(join(jupyter.folder, "clone", "notebooks", name), JSON.stringify({ ...notebook, cells }));
	}
	lab = await Lab.start(jupyter, {
		...{ command: start?.command ?? "", root: join(jupyter.folder, "clone"), height: 1600 },
	});
	await lab.page.goto(`${lab.address}/lab?token=fovea`);
});
test.after.always(() => lab?.stop());

test.afterEach.always(async (t) => {
	if (!t.passed) await lab?.page.screenshot({ path: join(screenshots, "newcomer-failed.png") });
});

/** Opens the notebook in the list of files, runs it, and looks at what it shows. */
async function runAll(t: ExecutionContext, name: string): Promise<void> {
	t.timeout(420_000);
	const { page } = lab;
	const code = readNotebook(join(repository, "notebooks", name)).cells.filter((cell) => cell.cell_type === "code");
	await page.locator(".jp-DirListing-itemName", { hasText: new RegExp(`^${name}$`) }).dblclick();
	const panel = page.locator(".jp-NotebookPanel:visible");
	await panel.locator(".jp-CodeCell").first().waitFor();
	t.is(await panel.locator(".jp-OutputArea-output").count(), 0);
	await lab.status("Idle");
	await lab.menu("Run", "Run All Cells");
	const prompts = panel.locator(".jp-CodeCell .jp-InputArea-prompt");
	// JupyterLab gives errors the type of what is printed to stderr.
	const errors = panel.locator('[data-mime-type="application/vnd.jupyter.stderr"]');
	const last = prompts.nth(code.length - 1).filter({ hasText: `[${code.length}]:` });
	await last.or(errors).first().waitFor({ timeout: 400_000 });
	t.deepEqual(await errors.allInnerTexts(), []);
	await lab.status("Idle");
	t.deepEqual(
		await prompts.allInnerTexts(),
		code.map((_, index) => `[${index + 1}]:`),
	);
	t.deepEqual(await errors.allInnerTexts(), []);
	await seen(t, name);
	await page.screenshot({ path: join(screenshots, `${name}.png`) });
	await lab.menu("File", "Close Tab");
	await page
		.locator(".jp-Dialog .jp-mod-accept, .jp-NotebookPanel")
		.first()
		.waitFor({ state: "detached" })
		.catch(() => undefined);
}

/** Figures have a size, and so has an attention map over its picture, where the kept notebook has one. */
async function seen(t: ExecutionContext, name: string): Promise<void> {
	const panel = lab.page.locator(".jp-NotebookPanel:visible");
	const kept = readFileSync(join(repository, "notebooks", name), "utf8");
	const sizes = await panel
		.locator(".jp-RenderedSVG img, .jp-RenderedSVG svg, .jp-RenderedImage img")
		.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().width));
	t.true(sizes.length >= 1, `${name}: figures`);
	for (const width of sizes) t.true(width > 100, `${name}: a figure ${width} wide`);
	if (!kept.includes("fovea-attention")) return;
	const view = panel.locator(".fovea-attention").first();
	await view.scrollIntoViewIfNeeded();
	const map = view.locator(".frames img:visible").first();
	t.true(((await map.boundingBox())?.width ?? 0) > 50, `${name}: attention`);
	await view.screenshot({ path: join(screenshots, `${name}-attention.png`) });
}

test("the README's way: install the kernel, open cca-gan.ipynb in JupyterLab, Run All", async (t) => {
	await lab.page.locator(".jp-DirListing-itemName", { hasText: /^notebooks$/ }).dblclick();
	await runAll(t, "cca-gan.ipynb");
});
