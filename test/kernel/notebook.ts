import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import sharp from "sharp";
import { compareNotebooks } from "../../kernel/compare.ts";
import { installKernel, kernelsFolder, listKernels, uninstallKernel, userDataFolder } from "../../kernel/install.ts";
import { readMagics } from "../../kernel/magics.ts";
import { type Notebook, newCell, type Output, readNotebook, writeNotebook } from "../../kernel/notebook.ts";
import { injectParameters, parseParameter, toTypeScript } from "../../kernel/parameters.ts";
import { encodePng } from "../../kernel/png.ts";
import { fromScript, toScript } from "../../kernel/scripts.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

function withOutput(...outputs: Output[]): Notebook {
	return { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [{ ...newCell("1", []), outputs }] };
}
const stream = (text: string) => withOutput({ output_type: "stream", name: "stdout", text });
const shown = (data: Record<string, unknown>) => withOutput({ output_type: "display_data", data, metadata: {} });

test("a notebook is written as nbformat 4.5: text in lines, ids, nothing half-written", async (t) => {
	const file = join(await temporaryFolder(t), "a.ipynb");
	await writeNotebook(file, { ...stream("a\nb"), nbformat_minor: 2 });
	const written = JSON.parse(readFileSync(file, "utf8"));
	t.is(written.nbformat_minor, 5);
	t.deepEqual(written.cells[0].outputs[0].text, ["a\n", "b"]);
	t.regex(written.cells[0].id, /^[\w-]{1,64}$/);
	t.deepEqual(readNotebook(file).cells[0]?.outputs, [{ output_type: "stream", name: "stdout", text: "a\nb" }]);
});

test("a file that is no notebook is refused by name and reason", async (t) => {
	const file = join(await temporaryFolder(t), "a.ipynb");
	t.throws(() => readNotebook(file), { message: /a\.ipynb: notebook must exist/ });
	writeFileSync(file, "{");
	t.throws(() => readNotebook(file), { message: /a\.ipynb: must be JSON/ });
	writeFileSync(file, '{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "cells": []}');
	t.throws(() => readNotebook(file), { message: /must be a notebook of nbformat 4, got nbformat/ });
});

test("parameters go below the cell tagged parameters, or on top, and replace those of an earlier run", (t) => {
	const given: Notebook = {
		...stream(""),
		cells: [newCell("1", []), newCell("let a = 1", ["parameters"]), newCell("a", [])],
	};
	const once = injectParameters(given, { a: 2, name: "x" });
	t.deepEqual(
		once.cells.map(({ source }) => source),
		["1", "let a = 1", '// Parameters\nlet a = 2;\nlet name = "x";', "a"],
	);
	t.is(injectParameters(once, { a: 3 }).cells.length, 4);
	t.is(injectParameters(stream(""), { a: 3 }).cells[0]?.source, "// Parameters\nlet a = 3;");
	t.deepEqual(["a=1", "b=[1,2]", "c=text", "d=x=y", 'e={"k":null}'].map(parseParameter), [
		["a", 1],
		["b", [1, 2]],
		["c", "text"],
		["d", "x=y"],
		["e", { k: null }],
	]);
	t.throws(() => parseParameter("1a=2"), { message: "run: -p must be name=value, got 1a=2" });
	t.is(toTypeScript([Number.NaN, -Infinity, { a: "é\n" }]), '[NaN, -Infinity, { "a": "é\\n" }]');
});

test("scripts with // %% cells become notebooks and come back the same", (t) => {
	const text =
		'// %% [markdown]\n// # Title\n//\n// words\n\n// %% tags=["parameters"]\nconst a = 1;\n\n// %%\n// %%time\na + 1;\n';
	const notebook = fromScript(text);
	t.deepEqual(
		notebook.cells.map(({ cell_type, source, metadata }) => [cell_type, source, metadata.tags]),
		[
			["markdown", "# Title\n\nwords", []],
			["code", "const a = 1;", ["parameters"]],
			["code", "%%time\na + 1;", []],
		],
	);
	t.is(toScript(notebook), text);
	t.is(fromScript("// ---\n// jupyter: {}\n// ---\n\nlet b = 1\n").cells[0]?.source, "let b = 1");
});

test("magics keep the lines of the code below them", (t) => {
	t.like(readMagics("%%time\n1"), { source: "\n1", time: true, capture: false, unknown: undefined });
	t.like(readMagics("const a = 7\n%%time"), { time: false, source: "const a = 7\n%%time" });
	t.regex(readMagics("%pip install x").unknown ?? "", /%pip: the magics are/);
});

test("compared outputs: numbers by tolerance, times and ids not at all", async (t) => {
	const differ = async (a: Notebook, b: Notebook, options = {}) =>
		(await compareNotebooks(a, b, options)).map(({ what }) => what);
	t.deepEqual(await differ(stream("loss 0.5 in 3.2 s"), stream("loss 0.50000001 in 9 s")), []);
	t.deepEqual(await differ(stream("loss 0.5"), stream("loss 0.6")), ["number was 0.5, is 0.6"]);
	t.deepEqual(await differ(stream("loss 0.5"), stream("loss 0.6"), { tolerance: 0.2 }), []);
	t.deepEqual(
		await differ(stream("id 3b241101-e2bb-4255-8caf-4136c566a962"), stream("id 3b241101-e2bb-4255-8caf-4136c566a963")),
		[],
	);
	t.regex((await differ(stream("yes"), stream("no")))[0] ?? "", /text was "yes", is "no"/);
	t.deepEqual(await differ(stream("a"), { ...stream("a"), cells: [newCell("1", [])] }), [
		"1 outputs were kept, 0 came",
	]);
	t.regex(
		(await differ(shown({ "text/html": "x" }), shown({ "text/plain": "x" })))[0] ?? "",
		/forms were text\/html, are text\/plain/,
	);
});

test("compared pictures: alike by SSIM, not by bytes", async (t) => {
	const pixels = (noise: number) => ({
		width: 32,
		height: 32,
		channels: 1 as const,
		data: Uint8Array.from({ length: 1024 }, (_, at) => ((at * 7) % 251) + ((at % 3) * noise) / 2),
	});
	const png = (noise: number) => shown({ "image/png": Buffer.from(encodePng(pixels(noise))).toString("base64") });
	t.deepEqual(await compareNotebooks(png(0), png(1)), []);
	t.is(
		(
			await compareNotebooks(
				png(0),
				shown({ "image/png": Buffer.from(encodePng({ ...pixels(0), data: new Uint8Array(1024) })).toString("base64") }),
			)
		).length,
		1,
	);
});

test("PNG files hold the pixels given, as another reader finds them", async (t) => {
	for (const channels of [1, 3, 4] as const) {
		const data = Uint8Array.from({ length: 5 * 4 * channels }, (_, at) => (at * 37) % 256);
		const read = await sharp(encodePng({ data, width: 5, height: 4, channels }))
			.toColourspace(channels === 1 ? "b-w" : "srgb")
			.raw()
			.toBuffer({ resolveWithObject: true });
		t.like(read.info, { width: 5, height: 4, channels });
		t.deepEqual(new Uint8Array(read.data), data);
	}
	t.throws(() => encodePng({ data: new Uint8Array(3), width: 2, height: 2, channels: 1 }), {
		message: "png: must hold 2×2×1 values, got 3",
	});
});

test("the kernelspec goes where Jupyter looks, with absolute paths, and can be removed", async (t) => {
	const folder = await temporaryFolder(t);
	const env = { JUPYTER_DATA_DIR: folder, PATH: "" };
	const installed = installKernel({ kind: "user" }, env);
	t.is(installed, join(folder, "kernels", "fovea"));
	const spec = JSON.parse(readFileSync(join(installed, "kernel.json"), "utf8"));
	t.is(spec.interrupt_mode, "message");
	t.is(spec.argv[0], process.execPath);
	t.true(spec.argv[1].startsWith("/") && spec.argv[1].endsWith("kernel/main.js"));
	t.is(spec.argv[2], "{connection_file}");
	installKernel({ kind: "user" }, env);
	t.like(
		listKernels(env).find(({ name }) => name === "fovea"),
		{ isOurs: true, language: "typescript", folder: installed },
	);
	t.is(uninstallKernel({ kind: "user" }, env), installed);
	t.is(uninstallKernel({ kind: "user" }, env), undefined);
	t.is(kernelsFolder({ kind: "prefix", prefix: "/opt/x" }), "/opt/x/share/jupyter/kernels");
	t.is(kernelsFolder({ kind: "sys-prefix" }, { VIRTUAL_ENV: "/venv" }), "/venv/share/jupyter/kernels");
	t.throws(() => kernelsFolder({ kind: "sys-prefix" }, { PATH: "" }), {
		message: /needs an active Python environment/,
	});
	t.is(userDataFolder({}, "darwin", "/Users/a"), "/Users/a/Library/Jupyter");
	t.is(userDataFolder({ XDG_DATA_HOME: "/x" }, "linux", "/home/a"), "/x/jupyter");
});
