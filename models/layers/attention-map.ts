/** Attention matrices as pictures. */
import * as tf from "@tensorflow/tfjs";

/**
 * Which query's attention is shown: a pixel as shares of height and width, [0.5, 0.5] the middle; one share for both; or the
 * mean over all queries.
 */
export type Query = number | readonly [row: number, column: number] | "mean";

/** Row attention [N, h, h] as [N, height, width] in [0, 1], constant along rows, each picture's greatest value 1. */
export function rowAttentionMap(matrix: tf.Tensor3D, height: number, width: number, query: Query): tf.Tensor3D {
	return tf.tidy(() => {
		const [count, rows] = matrix.shape;
		const paid = tf.reshape(
			paidBy(matrix, query, (row) => row * rows),
			[count, rows, 1],
		);
		return normalized(enlarge(tf.tile(paid, [1, 1, rows]) as tf.Tensor3D, height, width));
	});
}

/** Position attention [N, h·w, keys] of a square picture as [N, height, width] in [0, 1], each picture's greatest value 1. */
export function positionAttentionMap(matrix: tf.Tensor3D, height: number, width: number, query: Query): tf.Tensor3D {
	return tf.tidy(() => {
		const [count, queries, keys] = matrix.shape;
		const [rows, columns] = gridOf(queries, height, width);
		const [keyRows, keyColumns] = gridOf(keys, height, width);
		const at = (row: number, column: number) => Math.floor(row * rows) * columns + column * columns;
		const paid = paidBy(matrix, query, at);
		return normalized(enlarge(tf.reshape(paid, [count, keyRows, keyColumns]), height, width));
	});
}

function paidBy(matrix: tf.Tensor3D, query: Query, position: (row: number, column: number) => number): tf.Tensor2D {
	if (query === "mean") return tf.mean(matrix, 1);
	const shares = typeof query === "number" ? ([query, query] as const) : query;
	for (const share of shares) {
		if (!(share >= 0 && share <= 1)) throw new RangeError(`attention: query must lie in [0, 1], got ${share}`);
	}
	const [row, column] = shares.map((share) => Math.min(share, 1 - 1e-9)) as [number, number];
	const index = Math.min(matrix.shape[1] - 1, Math.floor(position(row, column)));
	return tf.squeeze(tf.slice(matrix, [0, index, 0], [-1, 1, -1]), [1]);
}

/** Rows and columns of a grid of `cells` with the proportions of a picture. */
function gridOf(cells: number, height: number, width: number): [rows: number, columns: number] {
	const rows = Math.round(Math.sqrt((cells * height) / width));
	if (cells % rows !== 0) {
		throw new RangeError(`attention: ${cells} cells must fill a grid shaped as ${height} by ${width}, got a remainder`);
	}
	return [rows, cells / rows];
}

/** Each cell repeated to fill [height, width], which must be multiples of the grid. */
function enlarge(map: tf.Tensor3D, height: number, width: number): tf.Tensor3D {
	const [count, rows, columns] = map.shape;
	const cells = tf.reshape(map, [count, rows, 1, columns, 1]);
	return tf.reshape(tf.tile(cells, [1, 1, height / rows, 1, width / columns]), [count, height, width]);
}

function normalized(map: tf.Tensor3D): tf.Tensor3D {
	return tf.div(map, tf.maximum(tf.max(map, [1, 2], true), 1e-12));
}
