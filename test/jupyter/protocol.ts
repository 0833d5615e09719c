import anyTest, { type TestFn } from "ava";
import { jupyterFor } from "../helpers/jupyter.ts";

/** Every row of the messaging protocol, asked for by jupyter_client over the real wire. */

const test = anyTest.serial as TestFn;
const shared = jupyterFor(anyTest);
/** Seconds a row may take on a busy machine. */
const PATIENCE = 60;

test("every row of the protocol is answered as the specification has it", async (t) => {
	const words = ["fovea", "typescript", String(PATIENCE)];
	const { stdout, stderr, code } = await shared.jupyter.python("protocol.py", words);
	t.is(code, 0, stderr);
	const outcomes = JSON.parse(stdout) as Record<string, string>;
	t.true(Object.keys(outcomes).length >= 25);
	for (const [row, outcome] of Object.entries(outcomes)) t.is(outcome, "yes", row);
});
