/** Finds the options with which a system has the tensors of a file: widths, depths, numbers of classes, switches. */
import type { Options, System } from "../../models/system.ts";
import { describeNetworks, type Fit, fitNetwork, type Tensors } from "./fit.ts";

/** Sides of pictures that systems are made for, which no tensor's shape shows as such. */
const sides = [16, 24, 32, 48, 64, 96, 112, 128, 192, 240, 256, 512, 1024];

/** Layers of the deepest network that has an option for them: ResNet34, whose file holds no 34. */
const deepest = 34;

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
	const only = places.map(({ network }) => network);
	const attempt = (options: Options): Found => {
		const key = JSON.stringify(options);
		const known = tried.get(key);
		if (known !== undefined) return known;
		const described = describeNetworks(system, options, only);
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
	const start = { ...system.options, ...given };
	const candidates = Object.entries(system.options)
		.filter(([name]) => !(name in given))
		.map(([name, value]) => [name, valuesFor(value, system.choices?.[name], numbers)] as const)
		.filter(([name, values]) => values.length > 0 && decidesShapes(system, start, name, values, only));
	let best = attempt(start);
	for (let round = 0; round < 6 && best.cost >= 1; round += 1) {
		const before = best.cost;
		for (const [name, values] of candidates) {
			const { options } = best;
			for (const value of values) {
				const found = attempt({ ...options, [name]: value });
				if (found.cost < best.cost) best = found;
			}
		}
		if (best.cost === before) break;
	}
	return best;
}

/** The options of `found` that decide the tensors of its networks: what another file of the same system must agree with. */
export function decidedBy(system: System, { options, fits }: Found): Options {
	const only = fits.map(({ network }) => network);
	const decides = ([name, value]: [string, Options[string]]) => {
		const values = typeof value === "boolean" ? [!value] : (system.choices?.[name] ?? []);
		return decidesShapes(system, options, name, values, only);
	};
	return Object.fromEntries(Object.entries(options).filter(decides));
}

/** Whether an option changes any tensor; weights of losses and rates do not. Some values of a number may not be allowed. */
function decidesShapes(
	system: System,
	options: Options,
	name: string,
	values: readonly (number | string | boolean)[],
	only: readonly string[],
): boolean {
	const signature = (changed: Options) => {
		const described = describeNetworks(system, changed, only);
		const shapes = Object.values(described ?? {}).flat();
		return described && shapes.map(({ name: tensor, shape }) => `${tensor} ${shape}`).join();
	};
	const own = signature(options);
	const known = options[name];
	const tries = typeof known === "number" ? [known * 2, known + 1, known / 2, 1, 2, 3, 4, 8] : values;
	// Where no other value is allowed by itself, it may be together with another option's.
	const others = tries.map((value) => signature({ ...options, [name]: value })).filter((other) => other !== undefined);
	return others.length === 0 || others.some((other) => other !== own);
}

/** What an option of this default may be. */
function valuesFor(
	value: number | string | boolean,
	choices: readonly string[] | undefined,
	numbers: readonly number[],
): readonly (number | string | boolean)[] {
	if (typeof value === "boolean") return [!value];
	if (typeof value === "string") return choices ?? [];
	if (!Number.isInteger(value)) return [];
	// Depths and counts of channels are small; hundreds of layers would only take time.
	return value <= 16 ? numbers.filter((number) => number <= 64) : numbers;
}

/** Small numbers, those of the file's shapes and of its names, and their simple fractions and multiples. */
function numbersOf(tensors: Tensors): number[] {
	const found = new Set([...Array.from({ length: deepest + 1 }, (_, index) => index), ...sides]);
	for (const { shape } of tensors.values()) {
		for (const side of shape) {
			if (found.size > 400) break;
			found.add(side);
			for (const divisor of [2, 3, 4, 8, 16]) if (side % divisor === 0) found.add(side / divisor);
		}
	}
	return [...found].sort((a, b) => a - b);
}
