import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { startEngine } from "../../../engine/engine.ts";
import { tfjsMobilenet } from "../../../metrics/features/tfjs-mobilenet.ts";
import { close } from "../../helpers/golden.ts";

test.before(async () => {
	await startEngine();
});

/** A graph with the names that the package asks for: the mean of each colour, and a product of it as 1001 logits. */
function graph(): tf.io.IOHandler {
	const embedding = "module_apply_default/MobilenetV1/Logits/global_pool";
	const float = { T: { type: "DT_FLOAT" } };
	const shape = { shape: { dim: [-1, 224, 224, 3].map((size) => ({ size: String(size) })) } };
	const constant = (name: string, dtype: string, size: number[]) => ({
		name,
		op: "Const",
		attr: {
			dtype: { type: dtype },
			value: { tensor: { dtype, tensorShape: { dim: size.map((one) => ({ size: `${one}` })) } } },
		},
	});
	const node = [
		{ name: "images", op: "Placeholder", attr: { dtype: { type: "DT_FLOAT" }, shape } },
		constant("axes", "DT_INT32", [2]),
		constant("head", "DT_FLOAT", [3, 1001]),
		{ name: embedding, op: "Mean", input: ["images", "axes"], attr: { ...float, keep_dims: { b: true } } },
		constant("flat", "DT_INT32", [2]),
		{ name: "rows", op: "Reshape", input: [embedding, "flat"], attr: float },
		{
			name: "logits",
			op: "MatMul",
			input: ["rows", "head"],
			attr: { ...float, transpose_a: { b: false }, transpose_b: { b: false } },
		},
	];
	const head = Float32Array.from({ length: 3003 }, (_, at) => (at % 1001) / 1001 + Math.floor(at / 1001));
	const bytes = new Uint8Array(8 + head.byteLength + 8);
	bytes.set(new Uint8Array(Int32Array.of(1, 2).buffer), 0);
	bytes.set(new Uint8Array(head.buffer), 8);
	bytes.set(new Uint8Array(Int32Array.of(-1, 3).buffer), 8 + head.byteLength);
	const artifacts: tf.io.ModelArtifacts = {
		modelTopology: { node, library: {}, versions: {} },
		format: "graph-model",
		weightSpecs: [
			{ name: "axes", shape: [2], dtype: "int32" },
			{ name: "head", shape: [3, 1001], dtype: "float32" },
			{ name: "flat", shape: [2], dtype: "int32" },
		],
		weightData: bytes.buffer,
	};
	return { load: async () => artifacts };
}

test.serial(
	"a graph of the package gives its embedding and its logits without the first, and leaves no tensor",
	async (t) => {
		const before = tf.memory().numTensors;
		{
			using model = await tfjsMobilenet({ model: graph(), inputRange: [0, 1] });
			t.deepEqual([model.dimensions, model.classes], [3, 1000]);
			const pixels = new Float32Array(2 * 224 * 224 * 3).map((_, at) => (at < 224 * 224 * 3 ? 51 * (at % 3) : 255));
			const { features, logits } = await model.extract(pixels, 2);
			// TensorFlow adds 50,176 equal float32 values one after another.
			t.true(
				[0, 0.2, 0.4, 1, 1, 1].every((value, at) => close(features[at] as number, value, 1e-3)),
				`${features}`,
			);
			const second = [0, 1, 2].reduce((sum, row) => sum + (row + 1 / 1001), 0);
			t.true(close(logits?.[1000] ?? Number.NaN, second, 3e-3));
			t.regex(String(model.protocol["weights"]), /^sha256:[0-9a-f]{64}$/);
		}
		t.is(tf.memory().numTensors, before);
	},
);

test.serial("weights that cannot be had are said in one line", async (t) => {
	const error = await t.throwsAsync(tfjsMobilenet({ model: "http://127.0.0.1:9/model.json" }));
	t.regex(error?.message ?? "", /^tfjs-mobilenet: @tensorflow-models\/mobilenet must load its weights, got: .+/);
	t.false(error?.message.includes("\n"));
});
