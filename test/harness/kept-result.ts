import test from "ava";
import { paperIds } from "../../harness/experiments/find.ts";
import { keptResult, tableRows, verdictRows } from "../../harness/kept-result.ts";

for (const id of paperIds) {
	test(`the kept result of ${id} is of the laptop preset and decides a claim`, async (t) => {
		const kept = await keptResult(id);
		t.is(kept.preset, "laptop");
		t.is(kept.paper, id);
		t.true(kept.claims.some(({ verdict }) => verdict !== "undecided"));
		for (const row of tableRows(kept.table)) t.is(Object.keys(row).length, kept.table.columns.length);
	});
}

test("a result that is not there is named", async (t) => {
	await t.throwsAsync(keptResult("nothing"), { message: /results\/nothing\/report\.json/ });
});

test("rows carry the names of their columns, and a gain that was not measured is a dash", (t) => {
	t.deepEqual(tableRows({ title: "", columns: ["", "PSNR"], rows: [["ours", "1.0"]] }, "id"), [
		{ id: "ours", PSNR: "1.0" },
	]);
	const claim = { text: "a beats b", where: "", published: "", verdict: "held", why: "above zero" } as const;
	const interval = { low: 0.25, high: 1.5, level: 0.95, method: "" };
	const none = { ...interval, low: Number.NaN, high: Number.NaN };
	const rows = verdictRows([
		{ ...claim, measured: 1, interval },
		{ ...claim, measured: Number.NaN, interval: none },
	]);
	t.deepEqual(
		rows.map((row) => row["measured gain"]),
		["1.00 [0.250, 1.50]", "–"],
	);
});
