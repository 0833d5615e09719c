/** Finds the options with which a system has the tensors of a file: widths, depths, numbers of classes, switches. */
import type { Options, System } from "../../models/system.ts";
import { describeNetworks, type Fit, fitNetwork, type Tensors } from "./fit.ts";

/** Sides of pictures that systems are made for, which no tensor's shape shows as such. */
const sides = [16, 24, 32, 48, 64, 96, 112, 128, 192, 240, 256, 512, 1024];

/** A network and what the file puts in front of its names. */
export interface Place {
	readonly network: string;
	readonly prefix: string;
}

export interface Found {
	readonly options: Options;
	readonly fits: readonly Fit[];
	/** 0 where all agrees, or nearly so where running statistics are left aside. */
	readonly cost: number;
}

/**
 * Changes one option after another, from the card's own, as long as fewer tensors differ. `given` are not touched. Options
 * that shapes do not show (weights of losses, rates) keep their values.
 */
export function searchOptions(system: System, tensors: Tensors, places: readonly Place[], given: Options): Found {
	const tried = new Map<string, Found>();
	const attempt = (options: Options): Found => {
		const key = JSON.stringify(options);
		const known = tried.get(key);
		if (known !== undefined) return known;
		const described = describeNetworks(system, options);
		const fits = places.flatMap(({ network, prefix }) => {
			const shapes = described?.[network];
			return shapes === undefined ? [] : [fitNetwork(tensors, network, shapes, prefix)];
		});
		const whole = described !== undefined && fits.length === places.length;
		const cost = whole ? fits.reduce((sum, each) => sum + each.cost, 0) : Number.POSITIVE_INFINITY;
		const found = { options, fits, cost };
		tried.set(key, found);
		return found;
	};
	const numbers = numbersOf(tensors);
	const candidates = Object.entries(system.options)
		.filter(([name]) => !(name in given))
		.map(([name, value]) => [name, valuesFor(value, system.choices?.[name], numbers)] as const);
	let best = attempt({ ...system.options, ...given });
	for (let round = 0; round < 6 && best.cost >= 1; round += 1) {
		const before = best.cost;
		for (const [name, values] of candidates) {
			const start = best.options;
			for (const value of values) {
				const found = attempt({ ...start, [name]: value });
				if (found.cost < best.cost) best = found;
			}
		}
		if (best.cost === before) break;
	}
	return best;
}

/** What an option of this default may be. */
function valuesFor(
	value: number | string | boolean,
	choices: readonly string[] | undefined,
	numbers: readonly number[],
): readonly (number | string | boolean)[] {
	if (typeof value === "boolean") return [!value];
	if (typeof value === "string") return choices ?? [];
	return Number.isInteger(value) ? numbers : [];
}

/** Small numbers, those of the file's shapes and of its names, and their simple fractions and multiples. */
function numbersOf(tensors: Tensors): number[] {
	const found = new Set([...Array.from({ length: 33 }, (_, index) => index), ...sides]);
	for (const { shape } of tensors.values()) {
		for (const side of shape) {
			if (found.size > 400) break;
			found.add(side);
			for (const divisor of [2, 3, 4, 8, 16]) if (side % divisor === 0) found.add(side / divisor);
		}
	}
	return [...found].sort((a, b) => a - b);
}
