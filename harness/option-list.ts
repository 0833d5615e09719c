import type { Options } from "../models/system.ts";
import { didYouMean } from "./suggest.ts";

/**
 * `name=value,…` as options of a system; a value is read as its default's type is. Throws, naming `where`, on an unknown name
 * and on a value of another type.
 */
export function parseOptions(where: string, text: string, defaults: Options): Options {
	const options: Record<string, number | string | boolean> = {};
	for (const part of text.split(",").filter((each) => each.trim() !== "")) {
		const [, name, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
		if (name === undefined || value === undefined) {
			throw new RangeError(`${where}: must be name=value, separated by commas, got ${part}`);
		}
		const known = defaults[name];
		const names = Object.keys(defaults);
		if (known === undefined) {
			throw new RangeError(`${where}: option must be one of ${names.join(", ")}, got ${didYouMean(name, names)}`);
		}
		options[name] = valueLike(`${where}: ${name}`, value, known);
	}
	return options;
}

function valueLike(where: string, text: string, known: number | string | boolean): number | string | boolean {
	if (typeof known === "string") return text;
	if (typeof known === "boolean") {
		if (text === "true" || text === "false") return text === "true";
		throw new RangeError(`${where} must be true or false, got ${text}`);
	}
	const value = Number(text);
	if (text !== "" && Number.isFinite(value)) return value;
	throw new RangeError(`${where} must be a number, got ${text}`);
}
