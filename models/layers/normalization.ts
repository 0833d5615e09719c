/** The choice of norm that the CycleGAN family leaves open, and its initial values. */
import { constantInit, normalInit } from "../../engine/parameters.ts";
import { batchNorm } from "./batch-norm.ts";
import { instanceNorm } from "./instance-norm.ts";
import type { Block } from "./layer.ts";

/** `instance`: without scale and shift; convolutions in front then carry a bias, otherwise none. */
export type Norm = "instance" | "batch" | "none";

/** The norm of `channels`; batch norm's scale starts from N(1, 0.02²). */
export function normalization(norm: Norm, channels: number): Block {
	if (norm === "batch") return batchNorm(channels, { initializer: normalInit(0.02, 1) });
	return norm === "instance" ? instanceNorm(channels) : () => (x) => x;
}

/** Initial values of the CycleGAN family: weights from N(0, 0.02²), biases 0. */
export const cycleganInit = { initializer: normalInit(0.02), biasInitializer: constantInit(0) } as const;
