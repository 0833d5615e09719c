import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { readNotebook } from "../../kernel/notebook.ts";
import { fovea } from "../helpers/fovea.ts";
import { jupyterFor, notebookOf, repository, textOf } from "../helpers/jupyter.ts";

/** tslab 1.0.22 and we: its notebooks run in our kernel, and our package works in its own. */

const test = anyTest.serial as TestFn;
const shared = jupyterFor(anyTest);

const theirs = [
	"import * as tslab from 'tslab';",
	"tslab.display.html('<b>bold</b>');\ntslab.display.markdown('**bold**');\ntslab.display.latex('$x^2$');",
	'tslab.display.svg(\'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>\');',
	"tslab.display.png(new Uint8Array([137, 80, 78, 71]));\ntslab.display.raw('application/json', '{}');",
	"const place = tslab.newDisplay();\nplace.text('one');\nplace.text('two');",
	"const { display } = tslab;\nlet naturals = [1, 2, 3];\nnaturals.map((x) => x * x)",
];

/** nbconvert with this kernel; the notebook run comes back. */
async function convert(name: string, cells: Parameters<typeof notebookOf>[0], cwd = shared.jupyter.folder) {
	const notebook = notebookOf(cells);
	const metadata = { kernelspec: { name: "tslab", display_name: "TypeScript", language: "typescript" } };
	writeFileSync(join(cwd, name), JSON.stringify({ ...notebook, metadata }));
	const words = ["nbconvert", "--to", "notebook", "--execute", "--inplace", "--ExecutePreprocessor.timeout=120", name];
	const { code, stderr } = await shared.jupyter.run("jupyter", words, { cwd });
	if (code !== 0) throw new Error(stderr);
	return readNotebook(join(cwd, name));
}

/** What is shown, without counts and streams, which the kernels number and cut differently. */
function shown({ cells }: ReturnType<typeof readNotebook>) {
	return cells.flatMap(({ outputs = [] }) =>
		outputs.flatMap((output) => (output.output_type === "display_data" ? [output.data] : [])),
	);
}

test.before(async () => {
	await shared.jupyter.addRivals();
});

test("a notebook of tslab's shows the same in our kernel, unchanged", async (t) => {
	const before = await convert("theirs.ipynb", theirs);
	const file = join(shared.jupyter.folder, "theirs.ipynb");
	const out = join(shared.jupyter.folder, "ours.ipynb");
	const { code, stderr } = await fovea(["run", file, "--out", out]);
	t.is(code, 0, stderr);
	const after = readNotebook(out);
	t.deepEqual(shown(after), shown(before));
	t.is(shown(after).length, 7);
	t.is(textOf(after.cells[5]?.outputs).trim(), textOf(before.cells[5]?.outputs).trim());
});

/** A project that has our package as npm would install it, beside its dependencies. */
function project(): string {
	const folder = join(shared.jupyter.folder, "project");
	const modules = join(folder, "node_modules");
	mkdirSync(join(modules, "fovea"), { recursive: true });
	const words = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
	const packed = execFileSync("npm", words, { cwd: repository, encoding: "utf8" }).trim();
	execFileSync("tar", ["xzf", join(folder, packed), "-C", join(modules, "fovea"), "--strip-components=1"]);
	const installed = join(repository, "node_modules");
	for (const name of readdirSync(installed))
		if (!name.startsWith(".")) symlinkSync(join(installed, name), join(modules, name));
	return folder;
}

test("in a notebook of tslab's our models, metrics and plots are imported, checked and run", async (t) => {
	const cells = [
		`import * as tslab from "tslab";
import * as plot from "fovea/kernel/plot";
import { Random } from "fovea";
import { startEngine } from "fovea/engine/engine";
import { frechetDistance } from "fovea/metrics/fid";
import { ccaGan } from "fovea/models/cca-gan";`,
		`const engine = await startEngine();
const gan = ccaGan({ imageSize: 64, gConvDim: 4, dConvDim: 4, seed: 1 });
Object.keys(gan.networks).join()`,
		`const gaussian = (mean: number) => ({ mean: Float64Array.of(mean), covariance: { data: Float64Array.of(4), rows: 1, columns: 1 } });
frechetDistance(gaussian(0), gaussian(3)).toFixed(6)`,
		`const wave = Array.from({ length: 20 }, (_, n) => Math.sin(n / 3));
tslab.display.svg(await plot.line(wave, { title: "wave" }).svg());
tslab.display.png(plot.picture({ data: [0, 0.5, 1, 0.2], count: 1, height: 2, width: 2, channels: 1, range: "unit" }).png());
tslab.display.html(plot.table([{ metric: "fid", value: 1.5 }]).html());`,
	];
	const run = await convert("ours.ipynb", cells, project());
	const texts = run.cells.map(({ outputs }) => textOf(outputs));
	t.regex(texts[1] ?? "", /G,D/);
	// Equal variances: the distance is that of the means, squared.
	t.regex(texts[2] ?? "", /9\.000000/);
	t.deepEqual(
		shown(run).map((data) => Object.keys(data)),
		[["image/svg+xml"], ["image/png"], ["text/html"]],
	);
});
