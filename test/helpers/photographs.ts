import { join } from "node:path";
import { Random } from "../../engine/random.ts";
import { resolutionBatches } from "../../harness/datasets/resolution.ts";
import { superResolution } from "../../harness/datasets/super-resolution.ts";
import type { ResolutionBatch } from "../../models/paper.ts";

/** Folder of real pictures to train on: T91 where FOVEA_DATA has it, else the photographs that ship with the package. */
export function trainingPhotographs(): string {
	const data = process.env["FOVEA_DATA"];
	return data === undefined ? join("fixtures", "photographs", "train") : join(data, "t91");
}

/** Batches of real patches, `patch` pixels in low resolution and four times that in high. */
export async function photographBatches(
	cache: string,
	{ patch, batchSize, seed = 1 }: { readonly patch: number; readonly batchSize: number; readonly seed?: number },
): Promise<AsyncGenerator<ResolutionBatch>> {
	const dataset = await superResolution({ folders: { train: trainingPhotographs() }, cache });
	return resolutionBatches(dataset, {
		...{ split: "train", patch, batchSize, turn: true },
		seed: Random.seed(seed).uint32(),
	});
}
