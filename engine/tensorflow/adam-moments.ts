import * as tf from "@tensorflow/tfjs";
import type { Coefficients, MomentStore } from "../moments.ts";
import { valuesOf } from "../values.ts";
import { attribute, execute, executeAll } from "./execute.ts";

// TensorFlow's own name for a variable without a name: freed with its last handle.
const anonymous = "cd2c89b7-88b7-44c8-ad83-06c2a9158347";
const dtype = [attribute.dtype("dtype", "float32")];
const apply = [
	attribute.dtype("T", "float32"),
	attribute.bool("use_locking", false),
	attribute.bool("use_nesterov", false),
];

/**
 * Moments as TensorFlow variables, updated in place by its fused ResourceApplyAdam: one pass over a parameter instead of
 * a dozen. The parameter has a twin among them, whose value the tfjs variable shares after each step.
 */
export function tensorflowMoments(variables: readonly tf.Variable[]): MomentStore {
	const backend = tf.backend();
	const assign = (handle: tf.Tensor, value: tf.Tensor) =>
		void executeAll(backend, "AssignVariableOp", dtype, [handle, value], 0);
	const read = (handle: tf.Tensor) => execute(backend, "ReadVariableOp", dtype, [handle]);
	const entries = variables.map((variable) => {
		const make = () => {
			const attributes = [
				...dtype,
				attribute.shape("shape", variable.shape),
				attribute.string("shared_name", anonymous),
				attribute.string("container", ""),
			];
			return tf.keep(execute(backend, "VarHandleOp", attributes, []));
		};
		const [twin, first, second] = [make(), make(), make()];
		tf.tidy(() => {
			const zero = tf.zeros(variable.shape);
			assign(first, zero);
			assign(second, zero);
		});
		return { variable, twin, first, second, shared: undefined as object | undefined };
	});
	type Entry = (typeof entries)[number];
	const numbers = (handle: tf.Tensor) => Float32Array.from(valuesOf(() => read(handle)));
	return {
		update: (updates) =>
			tf.tidy(() => {
				const scalars = new Map<Coefficients, tf.Tensor[]>();
				for (const { index, gradient, coefficients } of updates) {
					const entry = entries[index] as Entry;
					const numbers = scalars.get(coefficients) ?? scalarInputs(coefficients);
					scalars.set(coefficients, numbers);
					// Whoever assigned to the variable since the last step gave it another buffer.
					if (entry.variable.dataId !== entry.shared) assign(entry.twin, entry.variable);
					const inputs = [entry.twin, entry.first, entry.second, ...numbers, gradient];
					executeAll(backend, "ResourceApplyAdam", apply, inputs, 0);
					entry.variable.assign(read(entry.twin));
					entry.shared = entry.variable.dataId;
				}
			}),
		read: (index) => {
			const { first, second } = entries[index] as Entry;
			return { first: numbers(first), second: numbers(second) };
		},
		write: (index, first, second) => {
			const entry = entries[index] as Entry;
			tf.tidy(() => {
				assign(entry.first, tf.tensor(first.slice(), entry.variable.shape));
				assign(entry.second, tf.tensor(second.slice(), entry.variable.shape));
			});
		},
		dispose: () => tf.dispose(entries.flatMap(({ twin, first, second }) => [twin, first, second])),
	};
}

/** The op's scalars. Powers of 0 leave its own bias correction out: `step` and `epsilon` hold it. */
function scalarInputs({ beta1, beta2, step, epsilon }: Coefficients): tf.Tensor[] {
	return [0, 0, step, beta1, beta2, epsilon].map((value) => tf.scalar(value));
}
