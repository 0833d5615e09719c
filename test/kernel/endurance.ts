import anyTest, { type TestFn } from "ava";
import { kernelFor, value } from "../helpers/kernel.ts";

const test = anyTest.serial as TestFn;
const shared = kernelFor(anyTest);
const CELLS = 1000;
const MEGABYTE = 2 ** 20;

function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Cells as a reader writes them: each declares, and some use what earlier cells declared, declare it anew, or print. */
function source(index: number): string {
	const lines = [
		`const value${index}: number = ${index}`,
		`function plus${index}(n: number) { return n + value${index} }`,
	];
	if (index % 10 === 9) lines.push(`const sum = value${index - 3} + plus${index - 5}(1)`, "console.log(sum)");
	return [...lines, `plus${index}(1)`].join("\n");
}

async function memory(): Promise<number> {
	return Number(value(await shared.kernel.execute("process.memoryUsage.rss()", { store_history: false }))) / MEGABYTE;
}

test("1,000 cells in one session: memory stays flat and no cell becomes slow", async (t) => {
	t.timeout(600_000);
	const times: number[] = [];
	const used: number[] = [];
	for (let index = 0; index < CELLS; index++) {
		const began = performance.now();
		const reply = await shared.kernel.execute(source(index));
		times.push(performance.now() - began);
		if (value(reply) !== String(index + 1)) t.is(value(reply), String(index + 1));
		if (index % 100 === 99) used.push(await memory());
	}
	// The first cells compile the compiler itself, and fill the heap up to where V8 first collects.
	const first = median(times.slice(20, 120));
	const last = median(times.slice(-100));
	t.log(`cell ${first.toFixed(1)} ms, then ${last.toFixed(1)} ms; memory ${used.map(Math.round).join(", ")} MB`);
	t.true(last <= 1.5 * first, `cells took ${first.toFixed(1)} ms, in the end ${last.toFixed(1)} ms`);
	t.true((used.at(-1) ?? 0) - (used[0] ?? 0) <= 100, `memory: ${used.map(Math.round).join(", ")} MB`);
});
