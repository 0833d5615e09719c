/** The lower triangle L of A = L L′, row by row from dot products of rows. Throws where A is not positive definite. */
export function choleskyFactor(a: Float64Array, size: number): Float64Array {
	const factor = new Float64Array(size * size);
	for (let row = 0; row < size; row += 1) {
		const at = row * size;
		for (let column = 0; column <= row; column += 1) {
			const other = column * size;
			let sum = a[at + column] as number;
			for (let k = 0; k < column; k += 1) sum -= (factor[at + k] as number) * (factor[other + k] as number);
			if (column < row) {
				factor[at + column] = sum / (factor[other + column] as number);
			} else if (sum > 0) {
				factor[at + row] = Math.sqrt(sum);
			} else {
				throw new RangeError(
					`cholesky: matrix must be positive definite, got one that is not (leading minor ${row + 1})`,
				);
			}
		}
	}
	return factor;
}
