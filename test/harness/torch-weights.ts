import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { startEngine } from "../../engine/engine.ts";
import { extractorNamed } from "../../harness/extractor-names.ts";
import { writeSafetensors } from "../../harness/safetensors.ts";
import { readTorchWeights } from "../../harness/torch-weights.ts";
import { resizers } from "../../metrics/features/resizers.ts";
import { lpipsHeads } from "../../metrics/lpips-heads.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

for (const [net, version] of [
	["alex", "v0.1"],
	["squeeze", "v0.0"],
] as const) {
	test(`the published heads of LPIPS, ${net} ${version}, are read from their own file of an old PyTorch`, async (t) => {
		const { weight } = await readTorchWeights(join("fixtures", "lpips", `${net}-${version}.pth`), "--lpips");
		for (const [layer, head] of lpipsHeads(net, version).entries()) {
			const { shape, data } = weight(`lin${layer}.model.1.weight`) ?? { shape: [], data: [] };
			t.deepEqual(shape, [1, head.length, 1, 1]);
			t.deepEqual(Float32Array.from(data), head);
		}
	});
}

test("a state dict inside wrappers is found by its own names", async (t) => {
	const path = join(await temporaryFolder(t), "wrapped.safetensors");
	await writeSafetensors(path, {
		"state_dict.module.fc.weight": { shape: [2], data: Float32Array.of(1, 2) },
		"state_dict.module.module.bias": { shape: [1], data: Float32Array.of(3) },
	});
	const { weight, sha256 } = await readTorchWeights(path, "--features");
	t.deepEqual(weight("fc.weight")?.data, Float32Array.of(1, 2));
	t.deepEqual(weight("module.bias")?.data, Float32Array.of(3));
	t.is(weight("fc.bias"), undefined);
	t.regex(sha256, /^[0-9a-f]{64}$/);
});

test.serial("a name of published weights is looked for in the cache, and the way to get it is said", async (t) => {
	const before = process.env["FOVEA_CACHE"];
	process.env["FOVEA_CACHE"] = await temporaryFolder(t);
	t.teardown(() => {
		if (before === undefined) delete process.env["FOVEA_CACHE"];
		else process.env["FOVEA_CACHE"] = before;
	});
	await t.throwsAsync(readTorchWeights("inception", "--features"), {
		message: /^--features: inception must be in the cache, got no .*6726825d\.pth; fovea weights get inception$/,
	});
	const missing = join(await temporaryFolder(t), "none.pth");
	await t.throwsAsync(readTorchWeights(missing, "--features"), {
		message: /^--features: .*none\.pth: must be a file of weights/,
	});
});

// Where FOVEA_TORCH names a Python with PyTorch: the formula's weights, written by it, through the extractor to the end.
const python = process.env["FOVEA_TORCH"];
if (python !== undefined && python !== "") {
	test.serial("Inception from a .pth of real PyTorch gives torch-fidelity's features and logits", async (t) => {
		t.timeout(300_000);
		const { shapes, outputs } = JSON.parse(readFileSync("fixtures/inception/inception.json", "utf8"));
		const folder = await temporaryFolder(t);
		const [names, path] = [join(folder, "shapes.json"), join(folder, "formula.pth")];
		await writeFile(names, JSON.stringify(shapes));
		execFileSync(python, [join("test", "python", "write_formula.py"), names, path], { stdio: "pipe" });
		await startEngine();
		using extractor = await extractorNamed(`inception:${path}`);
		const [height, width] = [48, 64];
		const data = new Uint8Array(height * width * 3);
		// The picture of fixtures/inception/README.md.
		for (let y = 0, at = 0; y < height; y += 1) {
			for (let x = 0; x < width; x += 1, at += 3) {
				data.set([(x * x + 3 * y) % 256, (7 * x + y * y) % 256, (5 * x * y + 11 * x) % 256], at);
			}
		}
		const picture = { data, height, width, channels: 3 };
		const pixels = resizers["tensorflow1-bilinear"]?.resize(picture, 299, 299) as Float32Array;
		const { features, logits } = await extractor.extract(pixels, 1);
		for (const [got, wanted] of [
			[features, outputs["2048"]],
			[logits, outputs["logits_unbiased"]],
		] as [Float32Array, number[]][]) {
			const largest = Math.max(...wanted.map(Math.abs));
			const off = Math.max(...wanted.map((value, at) => Math.abs(value - (got[at] as number))));
			// float32 through some hundred layers; the reference's own statement.
			t.true(off <= 1e-4 * largest, `off by ${off / largest}`);
		}
	});
}
