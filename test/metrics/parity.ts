/** docs/metrics-parity.md says what the golden numbers say; the tests beside this one read every value of every file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { comparisons, parityDocument } from "../../bench/parity/document.ts";
import { agrees } from "../../bench/parity/row.ts";
import { startEngine } from "../../engine/engine.ts";

test("the table of references is what the script writes, and every value in it agrees", async (t) => {
	await startEngine();
	const all = await comparisons(join("fixtures", "metrics"));
	t.deepEqual(
		all.filter((one) => !agrees(one)),
		[],
	);
	t.true(all.length > 400, `${all.length}`);
	t.is(readFileSync(join("docs", "metrics-parity.md"), "utf8"), parityDocument(all));
});
