import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { Compiler } from "../../kernel/compiler.ts";
import { isComplete } from "../../kernel/completion.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

test("cells share names whatever their number, and texts of names declared anew are let go", async (t) => {
	t.timeout(240_000);
	const compiler = new Compiler(await temporaryFolder(t));
	for (let index = 0; index < 150; index++) {
		const { problems } = compiler.compile(`const same = ${index}; let other${index % 3} = same`, index);
		t.deepEqual(problems, []);
	}
	t.deepEqual(compiler.compile("const sum: number = same + other0 + other1 + other2", 1).problems, []);
	const files = compiler
		.program()
		.getSourceFiles()
		.filter(({ fileName }) => fileName.includes(".cell-"));
	t.true(files.length < 10, `${files.length} cells in the program`);
});

test("whether more is to come", (t) => {
	const cases = {
		a: "complete",
		"": "complete",
		"if (a) {": "incomplete",
		"f(": "incomplete",
		"`${a": "incomplete",
		"'a": "invalid",
		"let 1a": "invalid",
		")": "invalid",
		"class A {\n  b() {\n  }": "incomplete",
	};
	for (const [code, status] of Object.entries(cases)) t.is(isComplete(code).status, status as "complete", code);
});

test("the notebook folder's tsconfig.json is honoured: paths, and how strict to be", async (t) => {
	const folder = await temporaryFolder(t);
	await mkdir(join(folder, "deep"));
	await writeFile(join(folder, "deep", "util.ts"), "export const deep = 'by paths'");
	await writeFile(
		join(folder, "tsconfig.json"),
		'{"compilerOptions": {"paths": {"@/*": ["./deep/*"]}, "noImplicitAny": false}}',
	);
	const compiler = new Compiler(folder);
	t.deepEqual(
		compiler.compile("import { deep } from '@/util'\nconst text: string = deep\nfunction loose(a) { return a }", 1)
			.problems,
		[],
	);
	t.is(compiler.compile("const text: number = deep", 2).problems[0]?.code, 2322);
	t.deepEqual(compiler.options.paths?.["@/*"], [join(folder, "deep", "*")]);
});
