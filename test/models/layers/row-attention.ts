import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { constantInit, Parameters } from "../../../engine/parameters.ts";
import { Random } from "../../../engine/random.ts";
import { training } from "../../../models/layers/layer.ts";
import { rowAttention } from "../../../models/layers/row-attention.ts";
import { selfAttention } from "../../../models/layers/self-attention.ts";
import { gradientPenalty } from "../../../models/losses/gradient-penalty.ts";
import { onEngines } from "../../helpers/engines.ts";

function moduleOf(channels: number) {
	const parameters = new Parameters(Random.seed(5));
	const module = rowAttention(channels)(parameters);
	parameters.write("gamma", { shape: [1], data: constantInit(0.7)([1], Random.seed(0)) });
	return { parameters, module };
}

const picture = () => tf.tensor4d(Random.seed(2).normals(2 * 6 * 4 * 8), [2, 6, 4, 8]);

test.serial("row attention gives permuted rows for permuted rows", async (t) => {
	await onEngines(() => {
		const { parameters, module } = moduleOf(8);
		const x = picture();
		const order = tf.tensor1d([3, 0, 5, 1, 4, 2], "int32");
		const y = module(x, training);
		const permuted = module(tf.gather(x, order, 1), training);
		const apart = tf.max(tf.abs(tf.sub(tf.gather(y, order, 1), permuted))).dataSync()[0] as number;
		// Sums over rows in another order.
		t.true(apart < 1e-5, `${apart}`);
		parameters[Symbol.dispose]();
	});
});

test.serial("each column of row attention sees its own column's values only", async (t) => {
	await onEngines(() => {
		const { parameters, module } = moduleOf(8);
		// Without query and key weights the attention is uniform: what is left mixes rows of one column.
		for (const name of ["q.weight", "q.bias"]) {
			const { shape, data } = parameters.read(name);
			parameters.write(name, { shape, data: data.fill(0) });
		}
		const x = picture();
		const other = tf.tidy(() => tf.concat([tf.slice(x, [0, 0, 0, 0], [2, 6, 3, 8]), tf.zeros([2, 6, 1, 8])], 2));
		const left = (y: tf.Tensor4D) => tf.slice(y, [0, 0, 0, 0], [2, 6, 3, 8]);
		const apart = tf.sub(left(module(x, training)), left(module(other as tf.Tensor4D, training)));
		t.true((tf.max(tf.abs(apart)).dataSync()[0] as number) < 1e-6);
		parameters[Symbol.dispose]();
	});
});

/** Analytic and numeric derivative of a penalty along one parameter. */
function derivatives(block: ReturnType<typeof rowAttention>, name: string): { analytic: number; numeric: number } {
	const parameters = new Parameters(Random.seed(5));
	const layer = block(parameters);
	parameters.write("gamma", { shape: [1], data: Float32Array.of(0.7) });
	const x = picture();
	// The square makes the score curved, so that its gradient depends on every weight.
	const penalty = () => gradientPenalty((point) => tf.sum(tf.square(layer(point, training)), [1, 2, 3]), x);
	const weight = parameters.get(name)?.variable as tf.Variable;
	const { grads } = tf.variableGrads(penalty, [weight]);
	const { shape, data } = parameters.read(name);
	const gradient = grads[weight.name]?.dataSync() as Float32Array;
	const length = Math.hypot(...gradient);
	const moved = (size: number) => {
		const start = Float32Array.from(weight.dataSync());
		const values = start.map((value, index) => value + (size * (gradient[index] as number)) / length);
		weight.assign(tf.tensor(values, weight.shape));
		const value = penalty().dataSync()[0] as number;
		parameters.write(name, { shape, data });
		return value;
	};
	const size = 3e-3;
	return { analytic: length, numeric: (moved(size) - moved(-size)) / (2 * size) };
}

for (const name of ["q.weight", "k.weight", "v.weight", "out.weight", "gamma"]) {
	test.serial(`a gradient penalty through row attention has the right derivative for ${name}`, async (t) => {
		await onEngines(() => {
			const { analytic, numeric } = derivatives(rowAttention(8), name);
			// Central differences of a float32 loss: about five digits, less the curvature over the step.
			t.true(Math.abs(analytic - numeric) < 0.02 * analytic, `${analytic} against ${numeric}`);
		});
	});
}

for (const name of ["query_conv.weight", "key_conv.weight", "value_conv.weight", "out_conv.weight"]) {
	test.serial(`a gradient penalty through pooled self-attention has the right derivative for ${name}`, async (t) => {
		await onEngines(() => {
			const { analytic, numeric } = derivatives(selfAttention(8), name);
			// As above; pooling adds kinks that a step may cross.
			t.true(Math.abs(analytic - numeric) < 0.03 * analytic, `${analytic} against ${numeric}`);
		});
	});
}

test.serial("while gamma is zero every form of attention gives its input back to the bit", async (t) => {
	await onEngines(() => {
		const forms = {
			"row attention": rowAttention(8),
			community: selfAttention(8, { form: "community" }),
			official: selfAttention(8, { form: "official" }),
		};
		for (const [form, block] of Object.entries(forms)) {
			const parameters = new Parameters(Random.seed(5));
			const module = block(parameters);
			tf.tidy(() => {
				const x = picture();
				t.is(tf.max(tf.abs(tf.sub(module(x, training), x))).dataSync()[0], 0, form);
			});
			parameters[Symbol.dispose]();
		}
	});
});
