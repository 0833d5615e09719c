/**
 * Minibatch standard deviation (Karras et al. 2018): how much the pictures of a batch differ, as one more channel by which a
 * discriminator sees that a generator has collapsed.
 */
import * as tf from "@tensorflow/tfjs";

/**
 * [N, H, W, C] → [N, H, W, C + 1]: the deviation over a group (biased, 1e-8 inside the root), averaged over places and
 * channels. With groups of g, pictures m, m + N/g, m + 2·N/g … belong together; a batch below g is one group.
 */
export function minibatchDeviation(x: tf.Tensor4D, groupSize: number): tf.Tensor4D {
	return tf.tidy(() => {
		const [count, height, width, channels] = x.shape;
		const group = Math.min(groupSize, count);
		if (count % group !== 0) {
			throw new RangeError(`minibatch deviation: batch must be a multiple of ${group}, got ${count}`);
		}
		const groups: tf.Tensor = tf.reshape(x, [group, count / group, height * width * channels]);
		const apart = tf.sub(groups, tf.mean(groups, 0, true));
		const deviation = tf.sqrt(tf.add(tf.mean(tf.square(apart), 0), 1e-8));
		const one: tf.Tensor = tf.reshape(tf.mean(deviation, 1), [1, count / group, 1]);
		const spread = tf.add(one, tf.zeros([group, count / group, height * width]));
		const plane: tf.Tensor4D = tf.reshape(spread, [count, height, width, 1]);
		return tf.concat([x, plane], 3);
	});
}
