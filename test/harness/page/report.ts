import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { parseHTML } from "linkedom";
import sharp from "sharp";
import { inlinePictures } from "../../../harness/page/pictures.ts";
import { reportJson } from "../../../harness/report.ts";
import { score } from "../../../metrics/metric.ts";
import { fovea } from "../../helpers/fovea.ts";
import { writeHostileReproduction } from "../../helpers/reproduction.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

test("a reproduction's page holds its claims, tables, every number and its protocol", async (t) => {
	const folder = await temporaryFolder(t);
	const report = await writeHostileReproduction(folder);
	const { code, stdout, stderr } = await fovea(["report", folder, "--json"]);
	t.is(code, 0, stderr);
	const said = JSON.parse(stdout) as Record<string, unknown>;
	t.deepEqual(
		{ ...said, bytes: undefined },
		{
			...{ file: join(folder, "report.html"), bytes: undefined, claims: 1, tables: 1, numbers: 4, plots: 3 },
			...{ attention: 1, pictures: 1 },
		},
	);
	const { document } = parseHTML(await readFile(join(folder, "report.html"), "utf8"));
	const text = (selector: string) => document.querySelector(selector)?.textContent ?? "";
	t.true(text(".claim").includes("3 [1, 5]"));
	t.is(text("#tables td:not(:empty)"), report.tables[0]?.rows[0]?.[1]);
	const values = [...document.querySelectorAll("#numbers .all tbody tr")].map((row) => row.children[3]?.textContent);
	t.deepEqual(values, ["20", "21", "23", "24"]);
	for (const link of document.querySelectorAll("#numbers a")) {
		t.truthy(document.querySelector(link.getAttribute("href") ?? ""), link.getAttribute("href") ?? "");
	}
	t.deepEqual(
		(await readdir(folder)).filter((name) => name.endsWith(".part")),
		[],
	);
});

test("the page of an evaluation shows its inputs, its intervals and the values of each picture", async (t) => {
	const folder = await temporaryFolder(t);
	const psnr = { id: "psnr", better: "higher" as const, unit: "dB", protocol: { crop: 4 } };
	const values = { samples: { pairs: 3 }, perImage: [30, 31, Number.POSITIVE_INFINITY] };
	const path = join(folder, "set5.json");
	await writeFile(
		path,
		reportJson({
			...{ schema: "fovea-report/1", created: "2026-01-01T00:00:00Z", fovea: "0.1.0", seed: 4 },
			engine: { name: "wasm", version: "4" },
			inputs: { reference: { path: "set5", count: 3, sha256: "ab".repeat(32) } },
			scores: [score(psnr, Number.POSITIVE_INFINITY, values)],
		}),
	);
	const { code, stderr } = await fovea(["report", path, "--quiet"]);
	t.is(code, 0, stderr);
	const html = await readFile(join(folder, "set5.html"), "utf8");
	const { document } = parseHTML(html);
	t.is(document.querySelector("h1")?.textContent, "Evaluation: set5");
	t.is(document.querySelector("#inputs code")?.textContent, "ab".repeat(32));
	t.is(document.querySelectorAll("[data-plot]").length, 2);
	t.is(document.querySelector("#numbers .all tbody tr")?.children[3]?.textContent, "Infinity");
});

test("pictures that are too large together are made smaller, and say so", async (t) => {
	const folder = await temporaryFolder(t);
	// Noise does not compress: 600 × 600 × 3 bytes are more than a megabyte as they are.
	let state = 1;
	const noise = Uint8Array.from({ length: 600 * 600 * 3 }, () => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return state >>> 24;
	});
	const path = join(folder, "noise.png");
	await sharp(noise, { raw: { width: 600, height: 600, channels: 3 } })
		.png()
		.toFile(path);
	const [whole] = await inlinePictures([{ path, what: "noise" }], 4_000_000);
	t.is(whole?.loss, undefined);
	const [small] = await inlinePictures([{ path, what: "noise" }], 300_000);
	t.true((small?.uri.length ?? Infinity) <= 300_000);
	t.regex(small?.loss ?? "", /quality/);
	await t.throwsAsync(inlinePictures([{ path, what: "noise" }], 100), { message: /report: pictures must fit/ });
});

const refused = test.macro(async (t, files: Readonly<Record<string, string>>, message: RegExp) => {
	const folder = join(await temporaryFolder(t), "given");
	await mkdir(folder);
	for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
	const { code, stdout, stderr } = await fovea(["report", folder]);
	t.is(code, 2);
	t.is(stdout, "");
	t.regex(stderr, message);
	t.is(stderr.trim().split("\n").length, 1);
	t.deepEqual((await readdir(folder)).sort(), Object.keys(files).sort());
});

test("a folder without a report is refused", refused, {}, /given: must hold a report\.json.*got no JSON file/);
test("a folder of other JSON is refused", refused, { "a.json": "{}" }, /must hold.*got another schema/);
test("broken JSON is named", refused, { "report.json": "{" }, /report\.json: must be JSON/);
test(
	"a report that lacks a part is refused with its name",
	refused,
	{ "report.json": `{"schema": "fovea-reproduction/1", "paper": "cca-gan"}` },
	/report\.json: preset must be as in fovea-reproduction\/1/,
);
test(
	"an evaluation that lacks a part is refused with its name",
	refused,
	{ "report.json": `{"schema": "fovea-report/1"}` },
	/report\.json: created must be/,
);

test("a folder that is not there is refused", async (t) => {
	const { code, stderr } = await fovea(["report", join(await temporaryFolder(t), "nothing")]);
	t.is(code, 2);
	t.regex(stderr, /nothing: must be a folder or a report, got nothing of that name/);
});
