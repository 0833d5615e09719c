/** The numbers of presets that `fovea train --set` and sweeps may replace: by name, each with its bounds and its place. */
import type { PresetName, Settings, Training, TrainingOptions } from "./experiment.ts";

/** One number that may be replaced. */
export interface SettableNumber {
	/** Where it lies in the preset: `["networks", "width"]`. */
	readonly place: readonly string[];
	readonly isWhole: boolean;
	readonly least: number;
	/** @default no limit */
	readonly most?: number;
}

/** Numbers by the name that they are set by. */
export type SettableNumbers = Readonly<Record<string, SettableNumber>>;

type Bounds = Omit<SettableNumber, "place">;

/** `names` are places, with dots; a number is set by the last word of its place, or by the word after `as`: `gan.rate as rate`. */
const numbersWithin = (bounds: Bounds) =>
	function numbers(...names: readonly string[]): SettableNumbers {
		return Object.fromEntries(
			names.map((text) => {
				const [place = "", name] = text.split(" as ");
				const words = place.split(".");
				return [name ?? (words.at(-1) as string), { place: words, ...bounds }];
			}),
		);
	};

/** Whole numbers from 1: widths, batch sizes. */
export const counts = numbersWithin({ isWhole: true, least: 1 });
/** Whole numbers from 0: iterations of a warm-up. */
export const countsFromZero = numbersWithin({ isWhole: true, least: 0 });
/** Numbers from 0: rates, weights. */
export const amounts = numbersWithin({ isWhole: false, least: 0 });
/** Numbers from 0 to 1. */
export const shares = numbersWithin({ isWhole: false, least: 0, most: 1 });

/** Checks values that are to replace a preset's. `where` names them in errors. */
export function refuseSettings(numbers: SettableNumbers, set: Settings, where: string): void {
	for (const [name, value] of Object.entries(set)) {
		const number = numbers[name];
		if (number === undefined) {
			throw new RangeError(`${where}: must be one of ${Object.keys(numbers).join(", ")}, got ${name}`);
		}
		const { isWhole, least, most = Number.POSITIVE_INFINITY } = number;
		if (Number.isFinite(value) && value >= least && value <= most && (!isWhole || Number.isInteger(value))) continue;
		const kind = isWhole ? "a whole number" : "a number";
		const range = number.most === undefined ? `from ${least}` : `from ${least} to ${most}`;
		throw new RangeError(`${where}: ${name} must be ${kind} ${range}, got ${value}`);
	}
}

/** The preset with other numbers. */
export function replaced<Preset extends object>(preset: Preset, numbers: SettableNumbers, set: Settings): Preset {
	refuseSettings(numbers, set, "preset");
	const changed = structuredClone(preset);
	for (const [name, value] of Object.entries(set)) {
		const { place } = numbers[name] as SettableNumber;
		let holder = changed as Record<string, unknown>;
		for (const key of place.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
		holder[place.at(-1) as string] = value;
	}
	return changed;
}

/** Prepares a training under the preset as `set` changes it; what was set is kept with it, and a resume with other numbers refused. */
export async function withSettings<Preset extends object, Batch extends object>(
	presets: Readonly<Record<PresetName, Preset>>,
	numbers: SettableNumbers,
	{ preset, set = {}, ...options }: TrainingOptions,
	prepare: (preset: Preset, options: Omit<TrainingOptions, "preset" | "set">) => Promise<Training<Batch>>,
): Promise<Training<Batch>> {
	const training = await prepare(replaced(presets[preset], numbers, set), options);
	return { ...training, settings: { ...training.settings, ...set } };
}
