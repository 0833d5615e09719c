import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { readNotebook } from "../../kernel/notebook.ts";
import { fromScript, toScript } from "../../kernel/scripts.ts";
import { fovea } from "../helpers/fovea.ts";
import { jupyterFor, notebookOf, textOf } from "../helpers/jupyter.ts";

/** Jupyter's command line tools with our kernel, each for what it is there for. */

const test = anyTest.serial as TestFn;
const shared = jupyterFor(anyTest);
const at = (name: string) => join(shared.jupyter.folder, name);

test("jupyter finds the kernel that fovea kernel install wrote", async (t) => {
	const { stdout } = await shared.jupyter.run("jupyter", ["kernelspec", "list", "--json"]);
	const { spec } = JSON.parse(stdout).kernelspecs.fovea;
	t.like(spec, { language: "typescript", interrupt_mode: "message", display_name: "TypeScript (fovea)" });
});

const parameters = `let steps: number = 1; // how many
const name = "default"
let ratio = 0.5, other = 1
let list = [1, "a;b"];
`;

test("papermill sets parameters of every type, below the cell of defaults", async (t) => {
	const { jupyter } = shared;
	const shown = "JSON.stringify([steps, name, ratio, list, flag, nothing, nested])";
	writeFileSync(at("in.ipynb"), JSON.stringify(notebookOf([[parameters, "parameters"], shown])));
	const values = `steps: 20
name: "é \\"quoted\\" \\n ${"\\u2028"} 数"
ratio: 1.0e-12
list: [1, [2.5, "x"], {"a b": null}]
flag: true
nothing: null
nested: {"k": {"l": [false]}}
`;
	writeFileSync(at("values.yaml"), values);
	const words = ["in.ipynb", "out.ipynb", "-f", "values.yaml", "--no-progress-bar"];
	const { code, stderr } = await jupyter.run("papermill", words);
	t.is(code, 0, stderr);
	const { cells } = readNotebook(at("out.ipynb"));
	t.deepEqual(cells[1]?.metadata.tags, ["injected-parameters"]);
	t.regex(cells[1]?.source ?? "", /^\/\/ Parameters\nlet steps = 20;\n/);
	// The value is text, shown in quotes as TypeScript writes it.
	const text = textOf(cells[2]?.outputs);
	const read = JSON.parse(new Function(`return ${text}`)());
	t.deepEqual(read, [
		20,
		'é "quoted" \n \u2028 数',
		1e-12,
		[1, [2.5, "x"], { "a b": null }],
		true,
		null,
		{ k: { l: [false] } },
	]);
});

test("papermill lists a notebook's parameters with their types, defaults and help", async (t) => {
	writeFileSync(at("help.ipynb"), JSON.stringify(notebookOf([[parameters, "parameters"]])));
	const { stdout } = await shared.jupyter.run("papermill", ["--help-notebook", "help.ipynb"]);
	t.regex(stdout, /steps: number \(default 1\)\s+how many/);
	t.regex(stdout, /name: Unknown type \(default "default"\)/);
	t.regex(stdout, /list: Unknown type \(default \[1, "a;b"\]\)/);
});

const shown = notebookOf([
	"console.log('printed')\nconsole.error('warned')",
	"import { line } from 'fovea/kernel/plot'\nline([1, 3, 2])",
	"const table = [1, 2, 3].map((n) => n ** 2)\ntable",
	["throw new TypeError('shown')", "raises-exception"],
]);

test("nbconvert runs a notebook into a page that shows text, a figure as SVG, and the error", async (t) => {
	writeFileSync(at("page.ipynb"), JSON.stringify(shown));
	const { code, stderr } = await shared.jupyter.run("jupyter", "nbconvert --to html --execute page.ipynb".split(" "));
	t.is(code, 0, stderr);
	const page = readFileSync(at("page.html"), "utf8");
	for (const part of ["printed", "warned", "data:image/svg+xml;base64,", "[ 1, 4, 9 ]", "TypeError: shown"])
		t.true(page.includes(part), part);
});

test("jupyter execute, which is nbclient, keeps outputs and counts", async (t) => {
	writeFileSync(at("execute.ipynb"), JSON.stringify(shown));
	const { code, stderr } = await shared.jupyter.run("jupyter", ["execute", "--inplace", "execute.ipynb"]);
	t.is(code, 0, stderr);
	const { cells } = readNotebook(at("execute.ipynb"));
	t.deepEqual(
		cells.map(({ execution_count }) => execution_count),
		[1, 2, 3, 4],
	);
	t.is(textOf(cells[2]?.outputs), "[ 1, 4, 9 ]");
	t.deepEqual(
		cells[0]?.outputs?.map((output) => output.output_type === "stream" && output.name),
		["stdout", "stderr"],
	);
});

test("nbval accepts a notebook run by fovea run, and refuses one whose output says otherwise", async (t) => {
	const { jupyter } = shared;
	writeFileSync(at("kept.ipynb"), JSON.stringify(shown));
	t.is((await fovea(["run", at("kept.ipynb")])).code, 0);
	const words = ["-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider"];
	const good = await jupyter.run("python", [...words, "kept.ipynb"]);
	t.is(good.code, 0, good.stdout);
	t.regex(good.stdout, /4 passed/);
	writeFileSync(at("wrong.ipynb"), readFileSync(at("kept.ipynb"), "utf8").replace("[ 1, 4, 9 ]", "[ 1, 4, 8 ]"));
	const wrong = await jupyter.run("python", [...words, "wrong.ipynb"]);
	t.is(wrong.code, 1);
	t.regex(wrong.stdout, /1 failed, 3 passed/);
});

const script = `// %% [markdown]
// # Title
//
// words

// %% tags=["parameters"]
const a = 1;

// %%
// %%time
a + 1;
`;

test("jupytext and fovea read the same cells from a script, and write the same script", async (t) => {
	const { jupyter } = shared;
	writeFileSync(at("script.ts"), script);
	const read = await jupyter.run("jupytext", ["--to", "ipynb", "script.ts", "-o", "theirs.ipynb"]);
	t.is(read.code, 0, read.stderr);
	const cellsOf = (cells: { cell_type: string; source: string; metadata: { tags?: string[] | undefined } }[]) =>
		cells.map(({ cell_type, source, metadata }) => [cell_type, source, metadata.tags ?? []]);
	t.deepEqual(cellsOf(readNotebook(at("theirs.ipynb")).cells), cellsOf(fromScript(script).cells));
	const words = ["--to", "ts:percent", "--opt", "notebook_metadata_filter=-all", "theirs.ipynb", "-o", "back.ts"];
	const back = await jupyter.run("jupytext", words);
	t.is(back.code, 0, back.stderr);
	t.is(readFileSync(at("back.ts"), "utf8"), script);
	t.is(toScript(readNotebook(at("theirs.ipynb"))), script);
});

test("jupytext runs a script in our kernel, and fovea run does too", async (t) => {
	const { jupyter } = shared;
	writeFileSync(at("theirs.ts"), script);
	const words = "--to ipynb --set-kernel fovea --execute theirs.ts -o theirs-run.ipynb".split(" ");
	const { code, stderr } = await jupyter.run("jupytext", words);
	t.is(code, 0, stderr);
	writeFileSync(at("ours.ts"), script);
	t.is((await fovea(["run", at("ours.ts")])).code, 0);
	for (const name of ["theirs-run.ipynb", "ours.ipynb"])
		t.regex(textOf(readNotebook(at(name)).cells[2]?.outputs), /Wall time: [\d.]+ ms[\s\S]*\n2$/, name);
});
