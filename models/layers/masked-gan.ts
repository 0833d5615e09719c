/** What systems of two masked translations have in common around their training step. */
import * as tf from "@tensorflow/tfjs";
import type { UnpairedBatch, Watch } from "../paper.ts";
import { type ImagePool, PoolDraws } from "./image-pool.ts";
import { Ledger } from "./ledger.ts";
import type { Translator } from "./masked-translation.ts";
import { type MaskedGenerator, type TwoDomainGan, type TwoDomainParts, twoDomain } from "./two-domain.ts";

export interface MaskedSystem extends Omit<TwoDomainParts, "generators" | "maps"> {
	/** Of pictures joined with their masks; both of one size. */
	readonly pools: Readonly<Record<"A" | "B", ImagePool>>;
	/** The translations under the names of their attention networks. */
	readonly toB: readonly [attention: string, Translator];
	readonly toA: readonly [attention: string, Translator];
	/** One iteration; runs inside a tidy. */
	readonly step: (batch: UnpairedBatch, draws: PoolDraws, iteration: number, ledger: Ledger, watch?: Watch) => void;
}

/** The system as others see it; owns its networks, optimisers and pools. */
export function maskedGan({ toB, toA, step, ...parts }: MaskedSystem): TwoDomainGan {
	const generators = [generatorOf(toB), generatorOf(toA)] as const;
	const maps = (masks: tf.Tensor4D) => ({ mask: tf.squeeze<tf.Tensor3D>(masks, [3]) });
	return {
		...twoDomain({ ...parts, generators, maps }),
		draw(source, { a }) {
			const count = 2 * a.shape[0];
			const index = Int32Array.from({ length: count }, () => source.integer(Math.max(parts.pools.A.size, 1)));
			return { pool_uniform: source.uniforms(count), pool_index: index };
		},
		step(batch, { pool_uniform: uniform = [], pool_index: index = [] }, iteration, watch) {
			using ledger = new Ledger();
			tf.tidy(() => step(batch, new PoolDraws(uniform, index), iteration, ledger, watch));
			return ledger.read();
		},
	};
}

function generatorOf([name, translate]: readonly [string, Translator]): readonly [string, MaskedGenerator] {
	return [
		name,
		(x, pass) => {
			const { image, mask } = translate(x, pass);
			return { image, masks: mask };
		},
	];
}
