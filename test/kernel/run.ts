import test from "ava";
import { makeMessage } from "../../kernel/messages.ts";
import { type Cell, type Notebook, newCell } from "../../kernel/notebook.ts";
import { injectParameters } from "../../kernel/parameters.ts";
import { collectOutputs, runNotebook } from "../../kernel/run.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

function notebook(...cells: (string | Cell)[]): Notebook {
	return {
		nbformat: 4,
		nbformat_minor: 5,
		metadata: {},
		cells: cells.map((cell) => (typeof cell === "string" ? newCell(cell, []) : cell)),
	};
}

test("every cell runs, outputs are kept, and raises-exception lets a cell fail", async (t) => {
	t.timeout(240_000);
	const folder = await temporaryFolder(t);
	const given = notebook(
		newCell("const scale = 2", ["parameters"]),
		newCell("throw new Error('expected')", ["raises-exception"]),
		"console.log('a'); console.log('b'); scale * 21",
	);
	const result = await runNotebook(injectParameters(given, { scale: 4 }), { folder });
	t.like(result, { cells: 4, ran: 4, failed: 0, failure: undefined });
	const [, , failing, last] = result.notebook.cells;
	t.like(failing?.outputs?.[0], { output_type: "error", ename: "Error", evalue: "expected" });
	t.deepEqual(last?.outputs, [
		{ output_type: "stream", name: "stdout", text: "a\nb\n" },
		{ output_type: "execute_result", data: { "text/plain": "84" }, metadata: {}, execution_count: 4 },
	]);
	t.deepEqual(
		result.notebook.cells.map((cell) => cell.execution_count),
		[1, 2, 3, 4],
	);
});

const failing: readonly (readonly [name: string, cell: string, reason: RegExp])[] = [
	["throws", "throw new Error('boom')", /cell 2: Error: boom/],
	["leaves a rejection", "Promise.reject(new Error('lost')); 1", /cell 2: Error: lost/],
	["has a type error", "const n: number = 'x'", /cell 2: TypeCheckError: Cell \[2\] 1:7/],
	["calls process.exit", "process.exit(0)", /cell 2: ExitError/],
	["never ends", "while (true) {}", /cell 2: TimeoutError: the cell must end within/],
	["waits for ever", "await new Promise(() => {})", /cell 2: TimeoutError/],
	["kills the kernel", "process.kill(process.pid, 'SIGKILL')", /cell 2: the kernel died \(SIGKILL\)/],
	[
		"grows an array beyond what V8 can hold",
		"const all: number[] = []; while (true) all.push(1)",
		/cell 2: (?:the kernel died|MemoryError)/,
	],
];
for (const [name, cell, reason] of failing)
	test.serial(`the run fails at a cell that ${name}, and cells after it are not shown as run`, async (t) => {
		t.timeout(240_000);
		const result = await runNotebook(notebook("'first'", cell, "'after'"), {
			folder: await temporaryFolder(t),
			cellTimeout: reason.source.includes("TimeoutError") ? 3 : 120,
		});
		t.regex(result.failure ?? "", reason);
		t.is(result.failed, 1);
		t.true(result.ran < result.cells);
		t.deepEqual(result.notebook.cells[2]?.outputs, []);
		t.is(result.notebook.cells[2]?.execution_count, null);
	});

test("a failure after the last cell fails the run", async (t) => {
	t.timeout(240_000);
	const result = await runNotebook(notebook("setTimeout(() => { throw new Error('late') }, 1); 1"), {
		folder: await temporaryFolder(t),
	});
	t.true(result.failed === 1, result.failure);
});

test("outputs are gathered as nbformat keeps them: streams joined, displays updated, cleared when told", (t) => {
	const message = (type: string, content: Record<string, unknown>) => makeMessage(type, content, { session: "s" });
	const shown = (text: string) => ({ data: { "text/plain": text }, metadata: {}, transient: { display_id: "d" } });
	t.deepEqual(
		collectOutputs([
			message("stream", { name: "stdout", text: "old" }),
			message("clear_output", { wait: true }),
			message("stream", { name: "stdout", text: "a" }),
			message("stream", { name: "stdout", text: "b" }),
			message("display_data", shown("before")),
			message("update_display_data", shown("after")),
		]),
		[
			{ output_type: "stream", name: "stdout", text: "ab" },
			{ output_type: "display_data", data: { "text/plain": "after" }, metadata: {} },
		],
	);
});
