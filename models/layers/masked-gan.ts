/** What systems of two masked translations have in common around their training step: pools, draws, application, attention. */
import * as tf from "@tensorflow/tfjs";
import type { Adam } from "../../engine/adam.ts";
import type { Parameters } from "../../engine/parameters.ts";
import { required, type UnpairedBatch, type Watch } from "../paper.ts";
import type { CycleGan } from "./cycle-training.ts";
import { type ImagePool, PoolDraws } from "./image-pool.ts";
import { evaluation } from "./layer.ts";
import { Ledger } from "./ledger.ts";
import type { Translator } from "./masked-translation.ts";

export interface MaskedSystem {
	readonly id: string;
	readonly networks: Readonly<Record<string, Parameters>>;
	readonly optimizers: Readonly<Record<string, Adam>>;
	/** Adam's rate of all optimisers. */
	readonly rate: number;
	/** Of pictures joined with their masks; both of one size. */
	readonly pools: Readonly<Record<"A" | "B", ImagePool>>;
	readonly toB: Translator;
	readonly toA: Translator;
	/** Names of the attention networks that look at A and at B. */
	readonly attentions: readonly [ofA: string, ofB: string];
	/** One iteration; runs inside a tidy. */
	readonly step: (batch: UnpairedBatch, draws: PoolDraws, iteration: number, ledger: Ledger, watch?: Watch) => void;
}

/** The system as others see it; owns its networks, optimisers and pools. */
export function maskedGan(system: MaskedSystem): CycleGan {
	const { id, networks, optimizers, rate, pools, toB, toA, attentions } = system;
	const translator = (direction: "a-to-b" | "b-to-a") => (direction === "a-to-b" ? toB : toA);
	const maskOf = (map: Translator, images: tf.Tensor4D) => tf.squeeze<tf.Tensor3D>(map(images, evaluation).mask, [3]);
	return {
		id,
		networks,
		optimizers,
		memories: pools,
		draw(source, { a }) {
			const count = 2 * a.shape[0];
			const index = Int32Array.from({ length: count }, () => source.integer(Math.max(pools.A.size, 1)));
			return { pool_uniform: source.uniforms(count), pool_index: index };
		},
		step(batch, { pool_uniform: uniform = [], pool_index: index = [] }, iteration, watch) {
			using ledger = new Ledger();
			tf.tidy(() => system.step(batch, new PoolDraws(uniform, index), iteration, ledger, watch));
			return ledger.read();
		},
		translate: (images, direction) => tf.tidy(() => translator(direction)(images, evaluation).image),
		apply({ images, direction = "a-to-b" }) {
			const input = required(id, "images", images);
			return tf.tidy(() => {
				const { image, mask } = translator(direction)(input, evaluation);
				return { images: image, maps: { mask: tf.squeeze<tf.Tensor3D>(mask, [3]) } };
			});
		},
		attention: ({ a, b }) => tf.tidy(() => ({ [attentions[0]]: maskOf(toB, a), [attentions[1]]: maskOf(toA, b) })),
		setRate(fraction) {
			for (const optimizer of Object.values(optimizers)) optimizer.rate = rate * fraction;
		},
		[Symbol.dispose]() {
			const owned = [...Object.values(optimizers), ...Object.values(pools), ...Object.values(networks)];
			for (const one of owned) one[Symbol.dispose]();
		},
	};
}
