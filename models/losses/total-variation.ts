/** Total variation: how much a map changes from pixel to pixel. */
import * as tf from "@tensorflow/tfjs";

export interface TotalVariationOptions {
	/**
	 * `sum` over the whole batch, so that it grows with size and batch; `mean` of the horizontal differences plus mean of
	 * the vertical ones.
	 */
	readonly reduction: "sum" | "mean";
}

/** |x[i + 1, j] − x[i, j]| and |x[i, j + 1] − x[i, j]| of x [N, H, W, C], summed or averaged. */
export function totalVariation(x: tf.Tensor4D, { reduction }: TotalVariationOptions): tf.Scalar {
	return tf.tidy(() => {
		const [, height, width] = x.shape;
		const rows = (from: number) => tf.slice(x, [0, from, 0, 0], [-1, height - 1, -1, -1]);
		const columns = (from: number) => tf.slice(x, [0, 0, from, 0], [-1, -1, width - 1, -1]);
		const reduce = reduction === "sum" ? tf.sum : tf.mean;
		return tf.add(
			reduce(tf.abs(tf.sub(rows(1), rows(0)))),
			reduce(tf.abs(tf.sub(columns(1), columns(0)))),
		) as tf.Scalar;
	});
}
