import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { AttentionFile } from "../../harness/attention-file.ts";
import type { Reproduction } from "../../harness/reproduce.ts";
import { score } from "../../metrics/metric.ts";

/** Names that would do harm where they became markup. */
export const hostile = {
	element: `<img src=x onerror="document.title='stolen'">`,
	script: `</script><script>document.title='stolen'</script>`,
	attribute: `" onmouseover="document.title='stolen'" x="`,
	link: `<a href="javascript:document.title='stolen'">here</a> & <b>bold</b>`,
};

const fid = { id: "fid", better: "lower" as const, protocol: { ddof: 1, resize: hostile.attribute } };

function numbers(shift: number) {
	return [hostile.link, "plain"].map((edit, index) =>
		score(
			fid,
			20 + 3 * shift + index,
			{
				samples: { real: 10, fake: 10 },
				label: `FID ${hostile.element}`,
				interval: { low: 18 + 3 * shift, high: 23 + 3 * shift, level: 0.95, method: hostile.script },
				notes: [hostile.script],
			},
			{ edit },
		),
	);
}

async function picture(
	width: number,
	height: number,
	at: (x: number, y: number) => readonly number[],
): Promise<Buffer> {
	const pixels = new Uint8Array(width * height * 3);
	for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) pixels.set(at(x, y), (y * width + x) * 3);
	return sharp(pixels, { raw: { width, height, channels: 3 } })
		.png()
		.toBuffer();
}

/** A map that is 1 on its left or its right half, else 0. */
async function half(right: boolean): Promise<string> {
	const pixels = Uint8Array.from({ length: 64 }, (_, place) => (place % 8 >= 4 === right ? 255 : 0));
	const png = await sharp(pixels, { raw: { width: 8, height: 8, channels: 1 } })
		.toColourspace("b-w")
		.png()
		.toBuffer();
	return png.toString("base64");
}

/** The folder of a reproduction whose every name is hostile, two systems with two losses and one attention file. */
export async function writeHostileReproduction(folder: string): Promise<Reproduction> {
	const systems = [`one ${hostile.element}`, `two ${hostile.script}`];
	const report: Reproduction = {
		...{ schema: "fovea-reproduction/1", paper: hostile.script, preset: "smoke", fovea: "0.1.0" },
		engine: { name: "wasm", version: hostile.element },
		...{ data: hostile.script, command: `fovea reproduce x --data '${hostile.script}'`, seconds: 3 },
		tables: [{ title: hostile.script, columns: ["", hostile.element], rows: [["one, published", hostile.attribute]] }],
		table: { title: "", columns: [], rows: [] },
		claims: [
			{
				...{ text: hostile.script, where: hostile.element, published: hostile.link, measured: 3, verdict: "held" },
				interval: { low: 1, high: 5, level: 0.95, method: hostile.element },
				why: hostile.attribute,
			},
		],
		floor: [hostile.script],
		trainings: systems.map((system, index) => ({
			...{ system, seed: 1, folder: `trainings/${index}`, seconds: 12, steps: 40, scores: numbers(index) },
			...(index === 1 ? { belowFloor: hostile.script } : {}),
		})),
		// The second one leads out of the folder and is left out.
		pictures: { "grid.png": hostile.attribute, "../../outside.png": "outside" },
	};
	await mkdir(join(folder, "trainings", "0"), { recursive: true });
	await mkdir(join(folder, "trainings", "1"), { recursive: true });
	await writeFile(join(folder, "report.json"), JSON.stringify(report));
	const log = Array.from({ length: 40 }, (_, step) => ({
		...{ kind: "adversarial", step: step + 1, steps: 40, seconds: 0.3, elapsed: 0.3 * step },
		losses: { [hostile.element]: 1 / (1 + step), "D/loss": Math.sin(step) },
	}));
	for (const index of [0, 1]) {
		const text = log.map((line) => `${JSON.stringify(line)}\n`).join("");
		await writeFile(join(folder, "trainings", String(index), "log.jsonl"), text);
	}
	await writeFile(join(folder, "grid.png"), await picture(900, 300, (x, y) => [x % 256, y % 256, 90]));
	const grey = (await picture(16, 16, () => [100, 100, 100])).toString("base64");
	const [left, right] = [await half(false), await half(true)];
	const attention: AttentionFile = {
		...{ schema: "fovea-attention/1", system: systems[0] ?? "", seed: 1, under: hostile.script },
		pictures: [grey, grey],
		maps: [
			{ layer: hostile.element, query: 0.25, values: [left, right], highest: [1, 0.5] },
			{ layer: hostile.element, query: 0.75, values: [right, left], highest: [0.8, 1] },
			{ layer: "mask", values: [right, right], highest: [1, 1] },
		],
	};
	await writeFile(join(folder, "trainings", "0", "attention.json"), JSON.stringify(attention));
	return report;
}
