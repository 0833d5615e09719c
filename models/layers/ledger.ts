/** The scalar losses of one step: collected as tensors, read back in one transfer. */
import * as tf from "@tensorflow/tfjs";
import { valuesOf } from "../../engine/values.ts";
import type { Losses } from "../paper.ts";

export class Ledger implements Disposable {
	readonly #scalars = new Map<string, tf.Scalar>();

	/** Notes `value` under `name` and returns it, so that it can be noted where it is used. */
	record(name: string, value: tf.Scalar): tf.Scalar {
		this.#scalars.get(name)?.dispose();
		this.#scalars.set(name, tf.keep(value.clone()));
		return value;
	}

	read(): Losses {
		const names = [...this.#scalars.keys()];
		if (names.length === 0) return {};
		const values = valuesOf(() => tf.stack([...this.#scalars.values()]));
		return Object.fromEntries(names.map((name, index) => [name, values[index] as number]));
	}

	[Symbol.dispose](): void {
		for (const scalar of this.#scalars.values()) scalar.dispose();
		this.#scalars.clear();
	}
}
