/**
 * Golden files that test/python/golden writes in PyTorch, from the layer tables of the papers and their codes, apart from the
 * models: other widths, sizes, seeds and options than those of the authors' files.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import test from "ava";
import { parity } from "../../harness/parity.ts";
import { onEngines } from "../helpers/engines.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

// Where FOVEA_TORCH names a Python with PyTorch (.ci/run does).
const python = process.env["FOVEA_TORCH"];
const there = python === undefined || python === "" ? test.skip : test.serial;

there("networks, losses and training steps equal independent ones of other shapes", async (t) => {
	t.timeout(600_000);
	const folder = await temporaryFolder(t);
	execFileSync(python as string, ["-B", join("test", "python", "golden", "write.py"), folder], { stdio: "pipe" });
	await onEngines(async (engine) => {
		const cases = parity(folder);
		let next = await cases.next();
		for (; next.done !== true; next = await cases.next()) {
			const { file, error, quantities } = next.value;
			const wrong = quantities.filter(({ pass }) => !pass).map(({ name, relativeError }) => `${name} ${relativeError}`);
			t.deepEqual([error, wrong], [undefined, []], `${engine}: ${file}`);
		}
		const { passed, failed, unsupported } = next.value;
		t.deepEqual([failed, unsupported], [0, []], engine);
		t.true(passed > 80, `${engine}: ${passed}`);
	});
});
