import * as tf from "@tensorflow/tfjs";
import { attribute, execute } from "../tensorflow/execute.ts";
import { defineKernel, type Op } from "./kernel.ts";

/** Every pixel repeated `factor` times in both directions: x [N, H, W, C] → [N, H·factor, W·factor, C]. Differentiable to any order. */
export function upsampleNearest(x: tf.Tensor4D, factor: number): tf.Tensor4D {
	if (!Number.isInteger(factor) || factor < 1) {
		throw new RangeError(`upsampleNearest: factor must be a whole number above 0, got ${factor}`);
	}
	return factor === 1 ? x : (repeat({ x }, { factor }) as tf.Tensor4D);
}

interface Attributes {
	readonly factor: number;
}

const plain = [
	attribute.dtype("T", "float32"),
	attribute.bool("align_corners", false),
	attribute.bool("half_pixel_centers", false),
];

const repeat: Op<Attributes, "x"> = defineKernel({
	name: "FoveaUpsampleNearest",
	tensorflow: ({ x }, { factor }, backend) => {
		const [, height, width] = (x as tf.Tensor4D).shape;
		const size = tf.tensor1d([height * factor, width * factor], "int32");
		return execute(backend, "ResizeNearestNeighbor", plain, [x, size]);
	},
	composed: ({ x }, { factor }) => {
		const [, height, width] = (x as tf.Tensor4D).shape;
		return tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [height * factor, width * factor]);
	},
	backward: (gradient, _, attributes) => ({ x: () => gatherSums({ dy: gradient as tf.Tensor }, attributes) }),
});

/** The transpose of `repeat`: the sum of each factor × factor block. */
const gatherSums: Op<Attributes, "dy"> = defineKernel({
	name: "FoveaUpsampleNearestGradient",
	tensorflow: blockSums,
	composed: blockSums,
	backward: (gradient, _, attributes) => ({ dy: () => repeat({ x: gradient as tf.Tensor }, attributes) }),
});

function blockSums({ dy }: Readonly<Record<string, tf.Tensor>>, { factor }: Attributes): tf.Tensor {
	return tf.mul(tf.avgPool(dy as tf.Tensor4D, factor, factor, "valid"), factor * factor);
}
