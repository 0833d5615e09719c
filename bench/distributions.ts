import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { startEngine } from "../engine/engine.ts";
import { Random } from "../engine/random.ts";
import { fid } from "../metrics/fid.ts";
import { kid } from "../metrics/kid.ts";
import type { DistributionMetric, Features } from "../metrics/metric.ts";
import { coverage, density, precision, recall } from "../metrics/precision-recall.ts";
import { against, type Bench, type Figure, median } from "./bench.ts";
import { startRival } from "./rival.ts";

const [count, dimensions] = [5000, 2048];
/** Both sides take turns, so that a busy minute of the machine hits both; prdc takes minutes, and one turn. */
const rounds = 3;

export const bench: Bench = {
	about: `FID, KID and PRDC of ${count} + ${count} rows of ${dimensions} against torch-fidelity, pytorch-fid and prdc, two threads`,
	async run(report) {
		await startEngine({ engine: "tensorflow" });
		const folder = await mkdtemp(join(tmpdir(), "fovea-bench-"));
		using rival = startRival("distributions.py");
		try {
			const sets = [rows("real", 0), rows("fake", 0.1)] as const;
			const files = [join(folder, "real.npy"), join(folder, "fake.npy")] as const;
			for (const side of [0, 1] as const) await writeFile(files[side], npy(sets[side]));
			await rival.ask({ real: files[0], fake: files[1] });
			const theirs = (task: string) => rival.ask<{ ms: number; value: unknown }>({ task });
			const ours = (metrics: readonly DistributionMetric[]) => async () => {
				// Fresh objects, so that nothing is remembered from the last round.
				const [real, fake] = sets.map((set) => ({ ...set })) as [Features, Features];
				const values: number[] = [];
				for (const metric of metrics) values.push((await metric.measure(real, fake)).value);
				return values;
			};
			const four = [precision, recall, density, coverage].map((make) => make({ neighbours: 5 }));
			await compare("FID", 1 / 3, ours([fid()]), theirs, ["torch_fidelity_fid", "pytorch_fid"], 1e-4, report);
			const hundred = kid({ subsets: 100, subsetSize: 1000 });
			await compare("KID, 100 subsets of 1000", 1 / 2, ours([hundred]), theirs, ["torch_fidelity_kid"], 1e-4, report);
			await compare("PRDC, k = 5", 1 / 2, ours(four), theirs, ["prdc"], 1e-9, report);
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	},
};

type Ask = (task: string) => Promise<{ ms: number; value: unknown }>;

async function compare(
	name: string,
	most: number,
	ours: () => Promise<number[]>,
	theirs: Ask,
	tasks: readonly string[],
	relative: number,
	report: (figure: Figure) => void,
): Promise<void> {
	const mine: number[] = [];
	const others = tasks.map((): number[] => []);
	let values: number[] = [];
	const wanted: unknown[] = [];
	for (let round = 0; round < (tasks.includes("prdc") ? 1 : rounds); round += 1) {
		const start = performance.now();
		values = await ours();
		mine.push(performance.now() - start);
		for (const [index, task] of tasks.entries()) {
			const { ms, value } = await theirs(task);
			others[index]?.push(ms);
			wanted[index] = value;
		}
	}
	for (const [index, task] of tasks.entries()) {
		report(against(`${name}, ${task}`, "ms", median(mine), median(others[index] as number[]), most));
		const expected = typeof wanted[index] === "number" ? [wanted[index]] : Object.values(wanted[index] as object);
		const off = values.reduce((worst, value, at) => Math.max(worst, Math.abs(value / (expected[at] as number) - 1)), 0);
		const target = `≤ ${relative}`;
		report({ name: `${name}, off ${task}`, ours: off, unit: "", target, pass: off <= relative });
	}
}

/** Non-negative rows with a shared structure of 64 directions, as a network's last layer gives. */
function rows(label: string, shift: number): Features {
	const random = Random.seed(1);
	const normals = (name: string, size: number) => random.split(name).normals(size);
	const data = tf.tidy(() => {
		const inner = tf.tensor2d(normals(`${label} inner`, count * 64), [count, 64]);
		const outer = tf.tensor2d(normals("outer", 64 * dimensions), [64, dimensions]).div(8);
		const noise = tf.tensor2d(normals(`${label} noise`, count * dimensions), [count, dimensions]).mul(0.5);
		return inner.matMul(outer).add(noise).add(shift).relu().dataSync<"float32">();
	});
	return { data, count, dimensions };
}

/** The bytes of an .npy file of float32. */
function npy({ data, count, dimensions }: Features): Uint8Array {
	const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${dimensions}), }`.padEnd(117);
	const bytes = Buffer.alloc(128 + data.byteLength);
	bytes.set([0x93, ...Buffer.from("NUMPY"), 1, 0, 118, 0]);
	bytes.write(`${header}\n`, 10, "latin1");
	bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 128);
	return bytes;
}
