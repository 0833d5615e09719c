/** `fovea evaluate` in a process of its own: what it computes from files, and one clear line for bad input. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { writeSafetensors } from "../../../harness/safetensors.ts";
import { MersenneTwister } from "../../../metrics/mersenne-twister.ts";
import { fovea, type Outcome } from "../../helpers/fovea.ts";
import { close, Golden } from "../../helpers/golden.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

/** Processes share two cores with all other tests. */
test.beforeEach((t) => t.timeout(240_000));

const evaluate = (...words: string[]): Promise<Outcome> =>
	fovea(["evaluate", ...words], { environment: { FOVEA_ENGINE: "wasm" } });

const fixtures = join("fixtures", "metrics");

test("features from files give the references' values by preset, with protocol, interval and fingerprint", async (t) => {
	const kids = new Golden<{
		cases: { torch_fidelity: { dtype: string; kid_subset_size: number; rng_seed: number; mean: number }[] }[];
	}>(fixtures, "kid");
	const wanted = kids.document.cases[0]?.torch_fidelity.find((one) => one.dtype === "float64" && one.rng_seed === 2020);
	const file = join(fixtures, "kid.safetensors");
	const { code, stdout, stderr } = await evaluate(
		...["--real", `${file}#a`, "--fake", `${file}#b`, "--metrics", "fid,kid", "--preset", "torch-fidelity"],
		...["--kid-subset-size", `${wanted?.kid_subset_size}`, "--json"],
	);
	t.deepEqual([code, stderr], [0, ""]);
	const report = JSON.parse(stdout);
	const [fid, kid] = report.scores;
	t.true(close(kid.value, wanted?.mean ?? Number.NaN, 1e-11));
	t.like(kid.protocol, { subsets: 100, seed: 2020, generator: "MT19937", extractor: "none, rows as given" });
	for (const score of [fid, kid]) {
		t.true(score.interval.low < score.value && score.value < score.interval.high);
		t.regex(score.fingerprint, /^[0-9a-f]{64}$/);
	}
	t.is(report.inputs.real.count, 300);
});

test("other features, drawn from numpy's generator, have the values of the references", async (t) => {
	const folder = await temporaryFolder(t);
	const random = new MersenneTwister(2023);
	for (const name of ["x", "y"]) {
		const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (256, 64), }".padEnd(117);
		const start = Buffer.concat([Buffer.from([0x93]), Buffer.from("NUMPY"), Buffer.from([1, 0, 118, 0])]);
		const values = Float64Array.from({ length: 256 * 64 }, () => random.normal());
		await writeFile(
			join(folder, `${name}.npy`),
			Buffer.concat([start, Buffer.from(`${header}\n`), Buffer.from(values.buffer)]),
		);
	}
	const [x, y] = [join(folder, "x.npy"), join(folder, "y.npy")];
	const { code, stdout } = await evaluate("--real", x, "--fake", y, "--metrics", "fid", "--json");
	t.is(code, 0);
	t.true(close(JSON.parse(stdout).scores[0].value, 8.6233561616175, 1e-9));
});

test("labels give precision and recall, and maps alone their entropy", async (t) => {
	const folder = await temporaryFolder(t);
	// Two of the three above a half are of class 1, and so are two of its four.
	await writeFile(join(folder, "labels.csv"), "label,score\n1,0.9\n1,0.8\n0,0.7\n0,0.2\n1,0.1\n1,0.3\n");
	const values = async (...words: string[]) => {
		const { code, stdout, stderr } = await evaluate(...words, "--json", "--no-interval");
		t.deepEqual([code, stderr], [0, ""]);
		return JSON.parse(stdout).scores.map(({ value }: { value: number }) => value);
	};
	t.deepEqual(await values("--labels", join(folder, "labels.csv"), "--metrics", "precision,recall"), [2 / 3, 1 / 2]);
	const even = { shape: [1, 4, 4], data: new Float32Array(16).fill(0.5) };
	await writeSafetensors(join(folder, "maps.safetensors"), { even });
	const set = `${join(folder, "maps.safetensors")}#even`;
	const [entropy] = await values("--image", set, "--metrics", "attention-entropy");
	t.true(close(entropy, 1, 1e-12));
	const agreement = await values("--reference", set, "--image", set, "--metrics", "seed-iou,attention-inside");
	t.deepEqual(agreement, [1, 1]);
});

test("an interruption ends the metrics of labels with 130 and no answer", async (t) => {
	const folder = await temporaryFolder(t);
	// Each of these resamples some seconds long; all of them take far longer than it takes until progress is told.
	const rows = Array.from({ length: 80_000 }, (_, at) => `${at % 2},${(at % 997) / 997}`);
	await writeFile(join(folder, "labels.csv"), `label,score\n${rows.join("\n")}\n`);
	const words = ["evaluate", "--labels", join(folder, "labels.csv"), "--metrics", "accuracy,f1,log-loss,tpr,tnr"];
	const child = spawn(process.execPath, ["build/harness/cli.js", ...words], {
		env: { ...process.env, FOVEA_ENGINE: "wasm" },
		stdio: ["ignore", "pipe", "pipe"],
	});
	let stdout = "";
	child.stdout.on("data", (chunk: Buffer) => {
		stdout += chunk.toString();
	});
	child.stderr.once("data", () => child.kill("SIGINT"));
	const [code] = (await once(child, "close")) as [number | null];
	t.deepEqual([code, stdout], [130, ""]);
});

/** Sets that no metric can be taken of, and what is said of each. */
async function bad(t: ExecutionContext) {
	const folder = await temporaryFolder(t);
	const path = (...parts: string[]) => join(folder, ...parts);
	for (const name of ["empty", "one", "two", "large"]) await mkdir(path(name));
	const picture = (name: string) => join("fixtures", "pictures", `${name}.png`);
	await cp(picture("chelsea"), path("one", "chelsea.png"));
	await cp(picture("chelsea"), path("two", "chelsea.png"));
	await cp(picture("coffee"), path("two", "coffee.png"));
	await cp(picture("coffee"), path("large", "chelsea.png"));
	const rows = (data: Float32Array, shape: number[]) => ({ shape, data });
	const values = Float32Array.from({ length: 40 }, (_, at) => Math.sin(at));
	await writeSafetensors(path("rows.safetensors"), {
		good: rows(values, [10, 4]),
		nan: rows(
			Float32Array.from(values, (value, at) => (at === 14 ? Number.NaN : value)),
			[10, 4],
		),
		narrow: rows(values, [20, 2]),
	});
	// Cursor movements in a name do not reach the terminal.
	await mkdir(path("escape"));
	await writeFile(path("escape", "\u001B[2J.png"), "text");
	await writeFile(path("column.csv"), "truth,score\n1,0.5\n");
	await writeFile(path("one-class.csv"), "label,score\n1,0.5\n1,0.7\n");
	const set = (name: string) => `${path("rows.safetensors")}#${name}`;
	const fid = ["--metrics", "fid"];
	return [
		[["--real", path("empty"), "--fake", path("two"), ...fid], `${path("empty")}: must hold picture files`],
		// Said before the work is done, and lost.
		[
			["--real", path("empty"), "--fake", path("two"), ...fid, "--out", path("one")],
			`${path("one")}: must be a file that can be written, got a folder`,
		],
		[
			["--real", path("empty"), "--fake", path("two"), ...fid, "--out", path("column.csv", "report.json")],
			`${path("column.csv", "report.json")}: must be a file that can be written, got a file where a folder must be`,
		],
		[
			["--real", path("two"), "--fake", path("one"), ...fid],
			`${path("one")}: must hold 2 or more to be compared, got 1`,
		],
		[
			["--reference", path("one"), "--image", path("large")],
			"chelsea.png: psnr: images must have equal shapes, got [300,451,3] and [400,600,3]",
		],
		[
			["--reference", path("two"), "--image", path("one")],
			`${path("one")}: must have a picture for every one of ${path("two")} (2 and 1 pictures), got none named coffee`,
		],
		[
			["--real", set("good"), "--fake", set("nan"), ...fid],
			`${set("nan")}: features must be finite, got NaN in row 3, column 2`,
		],
		[
			["--real", set("good"), "--fake", set("narrow"), ...fid],
			`${set("good")} and ${set("narrow")}: fid: real and fake rows must have equal lengths, got 4 and 2`,
		],
		[
			["--real", set("good"), "--fake", set("goad"), ...fid],
			`${path("rows.safetensors")}: array must be one of good, nan, narrow, got goad`,
		],
		[
			["--real", path("two"), "--fake", path("escape"), ...fid],
			`${path("escape")}: must hold 2 or more to be compared, got 1`,
		],
		[
			["--reference", path("escape"), "--image", path("escape")],
			`${path("escape", "\uFFFD[2J.png")}: must be a picture, got bytes of no known format`,
		],
		[["--labels", path("column.csv")], `${path("column.csv")}: must have a column label, got truth, score`],
		[
			["--labels", path("one-class.csv"), "--metrics", "auc"],
			`${path("one-class.csv")}: roc: needs samples of both classes, got only class 1`,
		],
		[
			["--reference", path("one"), "--image", path("one"), "--metrics", "lpips"],
			"--lpips: must be alex:FILE, vgg:FILE or squeeze:FILE",
		],
		[
			["--reference", path("one"), "--image", path("one"), "--metrics", "identity"],
			"--identity: must be onnx:FILE, a face model of yours",
		],
		[
			["--reference", path("one"), "--image", path("one"), "--metrics", "psnr,change-inside"],
			"--mask: must name the masks that change-inside needs, got none",
		],
		[["--image", path("one"), "--metrics", "attention-entropy,psnr"], "--reference: must name a set, got none"],
		// Said before a picture is read.
		[
			["--fake", path("escape"), "--metrics", "is", "--features", "onnx:fixtures/onnx/rows.onnx"],
			"--features: must be an extractor with class logits for is, got onnx:fixtures/onnx/rows.onnx without them",
		],
		[
			["--real", path("two"), "--fake", path("two"), "--features", "inception:fixtures/pth/zip.pth"],
			"--features: fixtures/pth/zip.pth: inception: the weights must hold fc.weight, got a file without it",
		],
		// A model with a weight that nothing uses, of which its runtime warns.
		[
			["--real", path("two"), "--fake", path("two"), "--features", "onnx:fixtures/onnx/tokens.onnx"],
			"onnx: fixtures/onnx/tokens.onnx must give float32 rows [1, d] or maps, got tokens of float32 [1,4,49]",
		],
	] as const;
}

test("bad input ends with 2 and one line that names the file and what it must be", async (t) => {
	for (const [words, line] of await bad(t)) {
		const { code, stdout, stderr } = await evaluate(...words);
		t.deepEqual([code, stdout], [2, ""], words.join(" "));
		t.true(stderr.startsWith(line), `${stderr} instead of ${line}`);
		t.is(stderr.trimEnd().split("\n").length, 1);
	}
});
