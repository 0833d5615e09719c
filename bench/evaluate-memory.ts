import { spawn } from "node:child_process";
import { copyFile, link, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "../engine/random.ts";
import { writePng } from "../harness/pictures.ts";
import type { Bench } from "./bench.ts";

const [few, many] = [1000, 20_000];
const side = 32;

export const bench: Bench = {
	about: `fovea evaluate by MobileNet over ${many} pictures against ${few}, the Inception Score of one set, FID and KID of two: resident memory and time a picture`,
	async run(report) {
		const folder = await mkdtemp(join(tmpdir(), "fovea-bench-"));
		try {
			for (const count of [few, many]) await pictures(join(folder, `${count}`), count);
			for (const { metrics, words } of cases) {
				const [small, large] = [
					await evaluate(words(join(folder, `${few}`))),
					await evaluate(words(join(folder, `${many}`))),
				];
				const more = large.megabytes - small.megabytes;
				report({
					name: `${metrics}: memory above that of 1,000`,
					ours: more,
					unit: "MB",
					target: "≤ 150 MB",
					pass: more <= 150,
				});
				// Starting takes the same time whatever the count.
				const ratio = large.seconds / small.seconds / (many / few);
				report({
					name: `${metrics}: time a picture against that of 1,000`,
					ours: ratio,
					unit: "×",
					target: "≤ 1.2 ×",
					pass: ratio <= 1.2,
				});
			}
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	},
};

/** Logits are the larger rows, and two sets with intervals what most users ask for. */
const cases: readonly { readonly metrics: string; readonly words: (folder: string) => readonly string[] }[] = [
	{ metrics: "is", words: (folder) => ["--fake", folder, "--metrics", "is", "--no-interval"] },
	{ metrics: "fid,kid", words: (folder) => ["--real", folder, "--fake", folder, "--metrics", "fid,kid"] },
];

/** Files of 50 different pictures, so that the folder is quickly made; each is read and run on its own. */
async function pictures(folder: string, count: number): Promise<void> {
	await mkdir(folder, { recursive: true });
	const path = (number: number) => join(folder, `${String(number).padStart(5, "0")}.png`);
	for (let number = 0; number < count; number += 1) {
		if (number >= 50) {
			await link(path(number % 50), path(number)).catch(() => copyFile(path(number % 50), path(number)));
			continue;
		}
		const values = Random.seed(1)
			.split(number)
			.uniforms(side * side * 3, 0, 256);
		await writePng(path(number), Uint8Array.from(values, Math.floor), { height: side, width: side, channels: 3 });
	}
}

interface Run {
	readonly seconds: number;
	/** Largest resident memory. */
	readonly megabytes: number;
}

async function evaluate(options: readonly string[]): Promise<Run> {
	const words = ["evaluate", ...options, "--no-cache", "--quiet"];
	const peak = `process.on("exit", () => process.stderr.write("PEAK " + process.resourceUsage().maxRSS))`;
	const preload = `data:text/javascript,${encodeURIComponent(peak)}`;
	const command = fileURLToPath(new URL("../harness/cli.js", import.meta.url));
	const start = performance.now();
	const errors = await new Promise<string>((resolve, reject) => {
		const child = spawn(process.execPath, ["--import", preload, command, ...words], {
			stdio: ["ignore", "ignore", "pipe"],
		});
		let text = "";
		child.stderr.on("data", (chunk: Buffer) => {
			text += chunk.toString();
		});
		child.on("error", reject);
		child.on("close", (code) =>
			code === 0 ? resolve(text) : reject(new Error(`evaluate ended with ${code}: ${text}`)),
		);
	});
	const [, kilobytes] = /PEAK (\d+)/.exec(errors) ?? [];
	return { seconds: (performance.now() - start) / 1000, megabytes: Number(kilobytes) / 1024 };
}
