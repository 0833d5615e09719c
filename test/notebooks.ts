import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "ava";
import { type Cell, readNotebook } from "../kernel/notebook.ts";

// That they run, and to the outputs kept in them, is checked by `fovea run --check` for each of them (.ci/run).

const folder = fileURLToPath(new URL("../../notebooks/", import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith(".ipynb"));

test("there are notebooks", (t) => {
	for (const name of ["aga-gan", "attention", "attention-gan", "cca-gan", "fasrgan", "metrics", "sag-gan"])
		t.true(names.includes(`${name}.ipynb`), name);
});

function hasOutputs({ outputs }: Cell): boolean {
	return (outputs ?? []).length > 0;
}

for (const name of names) {
	const { cells, metadata } = readNotebook(`${folder}${name}`);
	const code = cells.filter((cell) => cell.cell_type === "code");

	test(`${name} was run from top to bottom without an error, by this kernel`, (t) => {
		t.is((metadata as { kernelspec?: { name?: string } }).kernelspec?.name, "fovea");
		t.deepEqual(
			code.map(({ execution_count }) => execution_count),
			code.map((_, index) => index + 1),
		);
		for (const { outputs = [] } of code) for (const { output_type } of outputs) t.not(output_type, "error");
		t.true(code.filter(hasOutputs).length >= 5);
	});

	test(`${name} begins with a title and defines no network of its own`, (t) => {
		t.regex(cells[0]?.source ?? "", /^# \S/);
		for (const { source } of code) t.notRegex(source, /\bclass \w|tf\.(layers|sequential|model)\b|new Adam\(/);
	});

	test(`${name} is small and names no machine`, (t) => {
		const text = readFileSync(`${folder}${name}`, "utf8");
		t.true(text.length < 1_500_000, `${text.length} bytes`);
		t.notRegex(text, /"[^"]*\/(?:home|root|work|tmp)\/[\w-]/);
	});
}
