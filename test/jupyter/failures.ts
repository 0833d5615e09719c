import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { type Notebook, readNotebook } from "../../kernel/notebook.ts";
import { fovea } from "../helpers/fovea.ts";
import { jupyterFor, notebookOf, textOf } from "../helpers/jupyter.ts";

/** Whatever goes wrong in a cell, no tool ever ends well with results missing. */

const test = anyTest.serial as TestFn;
const shared = jupyterFor(anyTest);
const environment = { FOVEA_KERNEL_MEMORY: "900" };
/** Seconds a cell may take: enough for the import-free cells here on a busy machine, waited for in full by two of them. */
const TIMEOUT = 6;

/** What goes wrong, and the error it must leave. A loop is stopped by the tool's own timeout. */
const wrongs = {
	throw: ["throw new RangeError('thrown')", "RangeError: thrown"],
	rejection: ["void Promise.reject(new Error('rejected')); 1", "Error: rejected"],
	"busy loop": ["while (true) {}", "Interrupted: the cell was interrupted"],
	"endless await": ["await new Promise(() => {})", "Interrupted: the cell was interrupted"],
	"type error": ["const wrong: number = 'text'", "TypeCheckError: Cell"],
	"process.exit": ["process.exit(0)", "ExitError: process.exit(0) was called"],
	"memory ceiling": [
		"const hoard: Buffer[] = []; while (true) hoard.push(Buffer.alloc(10_000_000, 1))",
		"MemoryError: the cell was stopped at the memory ceiling",
	],
} as const;
const names = Object.keys(wrongs) as (keyof typeof wrongs)[];

function writeAll(file: string, tags: readonly string[]): void {
	const cells = names.flatMap((name) => [[wrongs[name][0], ...tags] as const, `'after ${name}'`]);
	writeFileSync(file, JSON.stringify(notebookOf(["const first = 1", ...cells])));
}

/** Every cell ran, each wrong one left its error, and each after it its value. */
function checkAll({ cells }: Notebook): string[] {
	const problems: string[] = [];
	for (const [index, cell] of cells.entries()) {
		if (cell.execution_count !== index + 1) problems.push(`cell ${index + 1} has count ${cell.execution_count}`);
		const name = names[Math.floor((index - 1) / 2)];
		if (index === 0 || name === undefined) continue;
		const expected = index % 2 === 1 ? wrongs[name][1] : `'after ${name}'`;
		const found = textOf(cell.outputs);
		if (!found.includes(expected)) problems.push(`${name}: must leave ${expected}, left ${found}`);
	}
	return problems;
}

test("nbconvert --allow-errors: every cell after a failure has run, and every failure is an error output", async (t) => {
	const { jupyter } = shared;
	writeAll(join(jupyter.folder, "all.ipynb"), []);
	const words = `nbconvert --to notebook --execute --allow-errors --inplace --ExecutePreprocessor.timeout=${TIMEOUT}`;
	const patient = ["--ExecutePreprocessor.interrupt_on_timeout=True", "all.ipynb"];
	const { code, stderr } = await jupyter.run("jupyter", [...words.split(" "), ...patient], { environment });
	t.is(code, 0, stderr);
	t.deepEqual(checkAll(readNotebook(join(jupyter.folder, "all.ipynb"))), []);
});

test("fovea run --keep-going: the same, and the run has failed", async (t) => {
	const { folder, environment: jupyter } = shared.jupyter;
	writeAll(join(folder, "ours.ipynb"), []);
	const words = ["run", "ours.ipynb", "--keep-going", "--json", "--timeout", String(TIMEOUT)];
	const { code, stdout } = await fovea(words, { cwd: folder, environment: { ...jupyter, ...environment } });
	t.is(code, 1);
	t.deepEqual(checkAll(readNotebook(join(folder, "ours.ipynb"))), []);
	t.like(JSON.parse(stdout), { cells: 15, ran: 15, failed: names.length });
});

test("cells tagged raises-exception may fail under nbconvert, papermill and fovea run, and all after them run", async (t) => {
	const { jupyter } = shared;
	const loops = ["busy loop", "endless await"];
	const cells = names
		.filter((name) => !loops.includes(name))
		.flatMap((name) => [[wrongs[name][0], "raises-exception"] as const, `'after ${name}'`]);
	const markers = cells.filter((cell) => typeof cell === "string");
	for (const tool of ["nbconvert", "papermill", "fovea"]) {
		const file = join(jupyter.folder, `${tool}-tagged.ipynb`);
		writeFileSync(file, JSON.stringify(notebookOf(cells)));
		const { code, stdout, stderr } =
			tool === "fovea"
				? await fovea(["run", file], { environment: { ...jupyter.environment, ...environment } })
				: await jupyter.python("each.py", [tool, "60", file], { environment });
		t.is(code, 0, stderr);
		// papermill runs on, and then fails the run for any error output at all, whatever the tags say.
		if (tool === "papermill") t.regex(JSON.parse(stdout)[file], /^PapermillExecutionError/);
		if (tool === "nbconvert") t.deepEqual(JSON.parse(stdout), { [file]: null });
		const ran = readNotebook(file).cells.filter(({ source }) => source.startsWith("'after"));
		t.deepEqual(
			ran.map(({ outputs }) => textOf(outputs)),
			markers,
		);
	}
});

const deaths = { ...wrongs, "sudden death": ["process.kill(process.pid, 'SIGKILL')", ""] } as const;
for (const tool of ["nbconvert", "papermill", "fovea"])
	test(`${tool}: each failure fails the run where no tag allows it`, async (t) => {
		const { jupyter } = shared;
		const files = Object.entries(deaths).map(([name, [source]]) => {
			const file = join(jupyter.folder, `${tool} ${name}.ipynb`);
			writeFileSync(file, JSON.stringify(notebookOf([source, "'after'"])));
			return file;
		});
		if (tool === "fovea") {
			for (const file of files) {
				const words = ["run", file, "--json", "--timeout", String(TIMEOUT)];
				const { code, stdout } = await fovea(words, { environment: { ...jupyter.environment, ...environment } });
				t.is(code, 1, file);
				t.like(JSON.parse(stdout), { cells: 2, failed: 1 }, file);
			}
			return;
		}
		const { code, stdout, stderr } = await jupyter.python("each.py", [tool, String(TIMEOUT), ...files], {
			environment,
		});
		t.is(code, 0, stderr);
		for (const [file, error] of Object.entries(JSON.parse(stdout)))
			t.regex(
				String(error),
				/^(?:CellExecutionError|PapermillExecutionError|CellTimeoutError|DeadKernelError)/,
				basename(file),
			);
	});
