import anyTest, { type TestFn } from "ava";
import { jupyterFor } from "../helpers/jupyter.ts";

/** jupyter_kernel_test 0.7.0, the suite of the Jupyter project itself. */

const test = anyTest.serial as TestFn;
const shared = jupyterFor(anyTest);

const names = [
	"kernel_info",
	"execute_stdout",
	"execute_stderr",
	"completion",
	"is_complete",
	"error",
	"execute_result",
	"display_data",
	"history",
	"inspect",
	"clear_output",
	"recv_iopub_welcome_msg",
].map((name) => `test_${name}`);

async function suite(...only: string[]): Promise<Record<string, string>> {
	const { stdout, stderr, code } = await shared.jupyter.python("suite.py", ["fovea", "typescript", ...only]);
	if (code !== 0) throw new Error(stderr);
	return JSON.parse(stdout);
}

test("jupyter_kernel_test passes in one process; the pager, which the protocol has given up, is left out", async (t) => {
	const expected = Object.fromEntries(names.map((name) => [name, "passed"]));
	t.deepEqual(await suite(), { ...expected, test_pager: "skipped: No code page something" });
});

for (const name of names)
	test(`jupyter_kernel_test passes alone in its process: ${name}`, async (t) => {
		t.deepEqual(await suite(name), { [name]: "passed" });
	});
