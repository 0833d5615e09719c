import { chiSquareTail } from "./gamma.ts";
import { midranks, tieSizes } from "./ranks.ts";

/** Friedman's test of several systems on the same samples being alike; `systems` holds one list of values each. */
export function friedman(systems: readonly ArrayLike<number>[]): { readonly statistic: number; readonly p: number } {
	const k = systems.length;
	const n = systems[0]?.length ?? 0;
	if (k < 3 || n === 0 || systems.some(({ length }) => length !== n)) {
		throw new RangeError(
			`friedman: needs 3 systems or more of equally many values, got ${systems.map(({ length }) => length).join(", ")}`,
		);
	}
	const sums = new Float64Array(k);
	let ties = 0;
	for (let row = 0; row < n; row += 1) {
		const values = systems.map((system) => system[row] as number);
		midranks(values).forEach((rank, system) => {
			sums[system] = (sums[system] as number) + rank;
		});
		ties += tieSizes(values).reduce((sum, size) => sum + size ** 3 - size, 0);
	}
	const squares = sums.reduce((sum, value) => sum + value ** 2, 0);
	const plain = (12 * squares) / (k * n * (k + 1)) - 3 * n * (k + 1);
	const statistic = plain / (1 - ties / (k * (k * k - 1) * n));
	return { statistic, p: chiSquareTail(statistic, k - 1) };
}
