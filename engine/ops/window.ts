import * as tf from "@tensorflow/tfjs";

/** Square windows moved over a picture. */
export interface Windows {
	/** Side of the window in pixels. */
	readonly size: number;
	readonly stride: number;
}

/** Output length along an axis of `length` pixels. */
export function windowCount(length: number, { size, stride }: Windows): number {
	return Math.floor((length - size) / stride) + 1;
}

/** Pixel (row, column) of every window: x [N, H, W, C] → [N, h, w, C]. */
export function tap(x: tf.Tensor4D, row: number, column: number, windows: Windows): tf.Tensor4D {
	const [batch, height, width, channels] = x.shape;
	const { stride } = windows;
	const rows = windowCount(height, windows);
	const columns = windowCount(width, windows);
	const spanHeight = Math.min(rows * stride, height - row);
	const spanWidth = Math.min(columns * stride, width - column);
	const span = tf.slice(x, [0, row, column, 0], [batch, spanHeight, spanWidth, channels]);
	if (stride === 1) return span;
	const whole = tf.pad(span, [
		[0, 0],
		[0, rows * stride - spanHeight],
		[0, columns * stride - spanWidth],
		[0, 0],
	]);
	const apart = whole.reshape([batch * rows, stride, columns, stride * channels]);
	const kept = tf.slice(apart, [0, 0, 0, 0], [batch * rows, 1, columns, channels]);
	return kept.reshape([batch, rows, columns, channels]);
}

/** The transpose of `tap`: each value put back to its pixel of a picture [N, height, width, C] of zeros. */
export function untap(
	y: tf.Tensor4D,
	row: number,
	column: number,
	{ stride }: Windows,
	[height, width]: readonly [number, number],
): tf.Tensor4D {
	const [batch, rows, columns, channels] = y.shape;
	const apart = tf.pad(y.reshape([batch * rows, 1, columns, channels]), [
		[0, 0],
		[0, stride - 1],
		[0, 0],
		[0, (stride - 1) * channels],
	]);
	const whole = apart.reshape<tf.Tensor4D>([batch, rows * stride, columns * stride, channels]);
	const spanHeight = Math.min(rows * stride, height - row);
	const spanWidth = Math.min(columns * stride, width - column);
	const span = tf.slice(whole, [0, 0, 0, 0], [batch, spanHeight, spanWidth, channels]);
	return tf.pad(span, [
		[0, 0],
		[row, height - row - spanHeight],
		[column, width - column - spanWidth],
		[0, 0],
	]);
}
