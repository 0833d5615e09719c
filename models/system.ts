/**
 * The card of a system: what `fovea models` lists, and what `fovea import`, `train` and `generate` build by name. Every file of
 * models/ that holds systems exports its cards as `systems`; the folder is the list.
 */
import type { Parameters } from "../engine/parameters.ts";
import type { Gan, Input, Output, Paper } from "./paper.ts";

/** Plain values, so that they can be kept in JSON and given as text. */
export type Options = Readonly<Record<string, number | string | boolean>>;

/** What a network is built into; its result is its function. */
export type Network = (parameters: Parameters) => unknown;

/** A system, a baseline or a building block at any configuration. */
export interface System {
	/** Name in commands: `attention-gan-geo`. */
	readonly id: string;
	readonly paper: Paper;
	/** `system`: what the paper proposes; `baseline`: what a paper compares with; `part`: a block that others contain. */
	readonly role: "system" | "baseline" | "part";
	/** One sentence. */
	readonly description: string;
	/** Options with their defaults, which are the paper's configuration. */
	readonly options: Options;
	/** What options of text may be, where the card says so. */
	readonly choices?: Readonly<Record<string, readonly string[]>>;
	/** What options mean, where no interface of the system's files says it. */
	readonly meanings?: Readonly<Record<string, string>>;
	/**
	 * Layers of networks as the authors' checkpoints name them, by our names, where they differ: Keras numbers its layers.
	 * `{ G: { "f1": "conv2d_6" } }`
	 */
	readonly layers?: (options: Options) => Readonly<Record<string, Readonly<Record<string, string>>>>;
	/**
	 * The networks by the prefix under which checkpoints keep them (`G`, `D`); built one at a time, or only counted with
	 * `Parameters.count`. Throws on an unknown option or one of another type.
	 */
	networks(options?: Options): Readonly<Record<string, Network>>;
	/** The whole system, ready to train; absent for parts. The caller disposes. */
	readonly build?: (options?: Options & { readonly seed?: number }) => Gan<object>;
	/**
	 * What a system without networks makes of pictures, like `Gan.apply`: there is nothing to train or to keep. Absent for all
	 * others.
	 */
	readonly apply?: (options?: Options) => (input: Input) => Output;
}

/** A system as its file declares it: options are checked against the defaults before they reach it. */
export interface Definition<Defaults extends Options> {
	readonly id: string;
	readonly paper: Paper;
	readonly role: System["role"];
	readonly description: string;
	readonly options: Defaults;
	readonly choices?: { readonly [K in keyof Defaults]?: readonly (Defaults[K] & string)[] };
	readonly meanings?: { readonly [K in keyof Defaults]?: string };
	readonly layers?: (options: Widened<Defaults>) => Readonly<Record<string, Readonly<Record<string, string>>>>;
	readonly networks: (options: Widened<Defaults>) => Readonly<Record<string, Network>>;
	readonly build?: (options: Widened<Defaults> & { readonly seed: number }) => Gan<object>;
	readonly apply?: (options: Widened<Defaults>) => (input: Input) => Output;
}

/** `64` as number, `"conv"` as string: defaults say a type, not the only value. A choice keeps its cases by `as`. */
type Widened<T> = {
	readonly [K in keyof T]: T[K] extends number ? number : T[K] extends boolean ? boolean : T[K];
};

/** Makes a system's card. */
export function system<Defaults extends Options>(definition: Definition<Defaults>): System {
	const { id, apply, build, networks, layers, choices = {}, meanings = {}, options: defaults, ...rest } = definition;
	const complete = (options: Options) => withDefaults(id, defaults, choices, options);
	const card: System = {
		...{ id, options: defaults, choices: choices as System["choices"] & object, ...rest },
		meanings: meanings as System["meanings"] & object,
		networks: (options: Options = {}) => networks(complete(options)),
		...(layers === undefined ? {} : { layers: (options: Options) => layers(complete(options)) }),
		...(apply === undefined ? {} : { apply: (options: Options = {}) => apply(complete(options)) }),
	};
	if (build === undefined) return card;
	return {
		...card,
		build: ({ seed = 0, ...options }: Options & { readonly seed?: number } = {}) =>
			build({ ...complete(options), seed }),
	};
}

/** `options` over the defaults. Throws on a name the defaults lack, a value of another type, and one that is no choice. */
function withDefaults<Defaults extends Options>(
	id: string,
	defaults: Defaults,
	choices: { readonly [name: string]: readonly string[] | undefined },
	options: Options,
): Widened<Defaults> {
	for (const [name, value] of Object.entries(options)) {
		const known = defaults[name];
		if (known === undefined) {
			throw new RangeError(`${id}: option must be one of ${Object.keys(defaults).join(", ")}, got ${name}`);
		}
		if (typeof known !== typeof value) {
			throw new RangeError(`${id}: option ${name} must be a ${typeof known}, got ${JSON.stringify(value)}`);
		}
		const cases = choices[name];
		if (cases !== undefined && !cases.includes(String(value))) {
			throw new RangeError(`${id}: option ${name} must be ${cases.join(" or ")}, got ${value}`);
		}
	}
	return { ...defaults, ...options } as Widened<Defaults>;
}
