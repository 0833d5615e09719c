import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { readNotebook } from "../../kernel/notebook.ts";
import { jupyterFor, repository, textOf } from "../helpers/jupyter.ts";

/** Every notebook by Python's own nbconvert, alone in a folder, as somebody has it who installed the package. */

const test = anyTest.serial as TestFn;
const shared = jupyterFor(anyTest);
const names = readdirSync(join(repository, "notebooks")).filter((name) => name.endsWith(".ipynb"));

test("there are seven notebooks", (t) => {
	t.is(names.length, 7);
});

for (const name of names)
	test(`nbconvert --execute runs every cell of ${name}, and each leaves what the kept notebook shows`, async (t) => {
		t.timeout(900_000);
		const { jupyter } = shared;
		const folder = join(jupyter.folder, basename(name, ".ipynb"));
		mkdirSync(folder);
		const kept = readNotebook(join(repository, "notebooks", name)).cells.filter(
			({ cell_type }) => cell_type === "code",
		);
		const bare = readNotebook(join(repository, "notebooks", name));
		const cells = bare.cells.map((cell) =>
			cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell,
		);
		writeFileSync(join(folder, name), JSON.stringify({ ...bare, cells }));
		const words = [
			"nbconvert",
			"--to",
			"notebook",
			"--execute",
			"--inplace",
			"--ExecutePreprocessor.timeout=800",
			name,
		];
		const { code, stderr } = await jupyter.run("jupyter", words, { cwd: folder, patience: 880_000 });
		t.is(code, 0, stderr);
		const ran = readNotebook(join(folder, name)).cells.filter(({ cell_type }) => cell_type === "code");
		t.deepEqual(
			ran.map(({ execution_count }) => execution_count),
			ran.map((_, index) => index + 1),
		);
		const shown = (all: typeof ran) =>
			all.map(({ outputs = [] }) =>
				outputs.map((output) => ("data" in output ? Object.keys(output.data).sort() : textOf([output]))),
			);
		t.deepEqual(shown(ran), shown(kept));
	});
