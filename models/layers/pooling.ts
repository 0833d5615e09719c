/** Pooling of 2 × 2 squares, twice differentiable. */
import * as tf from "@tensorflow/tfjs";

/** Greatest of each 2 × 2 square: [N, H, W, C] → [N, H/2, W/2, C]. Composed of ReLUs, because penalties differentiate twice. */
export function maxPool2(x: tf.Tensor4D): tf.Tensor4D {
	return tf.tidy(() => {
		const [count, height, width, channels] = x.shape;
		const squares = tf.reshape(x, [count, height / 2, 2, width / 2, 2, channels]);
		const [top, bottom] = tf.unstack(squares, 2) as [tf.Tensor, tf.Tensor];
		const [left, right] = tf.unstack(greater(top, bottom), 3) as [tf.Tensor, tf.Tensor];
		return greater(left, right) as tf.Tensor4D;
	});
}

/** max(a, b); where both are equal the gradient goes to `a`. */
function greater(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
	return tf.add(a, tf.relu(tf.sub(b, a)));
}
