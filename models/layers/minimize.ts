/** One optimiser step on a loss. */
import * as tf from "@tensorflow/tfjs";
import type { Adam } from "../../engine/adam.ts";
import type { Parameters } from "../../engine/parameters.ts";
import type { Gradient, Watch } from "../paper.ts";

/** Networks under their keys in `Gan.networks`, in the order in which the optimiser was given their variables. */
export type Trained = Readonly<Record<string, Parameters>>;

/** Variables of `networks` in the order that `minimize` hands gradients to the optimiser. */
export function trainedVariables(networks: Trained): tf.Variable[] {
	return Object.values(networks).flatMap((network) => network.trainable());
}

/** Differentiates `loss` with respect to the trainable parameters of `networks` and steps `optimizer`. Leaks no tensor. */
export function minimize(optimizer: Adam, networks: Trained, loss: () => tf.Scalar, watch: Watch = {}): void {
	const { value, grads } = tf.variableGrads(loss, trainedVariables(networks));
	value.dispose();
	if (watch.gradients !== undefined) watch.gradients(named(networks, grads));
	optimizer.apply(grads);
	tf.dispose(grads);
}

function named(networks: Trained, grads: tf.NamedTensorMap): Gradient[] {
	return Object.entries(networks).flatMap(([network, parameters]) =>
		parameters.entries().flatMap((parameter) => {
			const value = grads[parameter.variable.name];
			return value === undefined ? [] : [{ network, parameter, value }];
		}),
	);
}
