/** What a file in harness/parity/ exports: how the goldens of one folder are run. */
import type { Closeness, Results } from "./compare.ts";
import type { Golden } from "./golden.ts";

export type RunPart = (golden: Golden) => Results;

export interface ParitySystem {
	/** By file name, or by its beginning up to an underscore: `train_step` also runs `train_step_log`. */
	readonly parts: Readonly<Record<string, RunPart>>;
	/** Gives the file's tensors the names of our parameters, where they are not ours already. */
	readonly rename?: (golden: Golden) => Golden;
	/** @default that of the PyTorch goldens */
	readonly closeness?: Closeness | ((golden: Golden) => Closeness | undefined);
	/** Convolution weights of which only the first input channels can be compared. */
	readonly firstChannels?: Readonly<Record<string, number>>;
}
