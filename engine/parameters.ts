import * as tf from "@tensorflow/tfjs";
import { Random } from "./random.ts";

/**
 * How an array of the authors' PyTorch code lies in our NHWC tensors:
 * `conv` [out, in, kh, kw] → [kh, kw, in, out]; `conv-transpose` [in, out, kh, kw] → [kh, kw, out, in];
 * `linear` [out, in] → [in, out]; `plain` as it is (vectors, scalars).
 */
export type Layout = "conv" | "conv-transpose" | "linear" | "plain";

/** Axes of our tensor as axes of PyTorch's. */
const toOurs: Record<Exclude<Layout, "plain">, readonly number[]> = {
	conv: [2, 3, 1, 0],
	"conv-transpose": [2, 3, 1, 0],
	linear: [1, 0],
};
const toTorch: Record<Exclude<Layout, "plain">, readonly number[]> = {
	conv: [3, 2, 0, 1],
	"conv-transpose": [3, 2, 0, 1],
	linear: [1, 0],
};

export interface Parameter {
	/** Name under which the authors' state dict keeps it, relative to its network. */
	readonly name: string;
	readonly variable: tf.Variable;
	readonly layout: Layout;
	/** False for buffers: running statistics, spectral-norm vectors. */
	readonly trainable: boolean;
}

/** A parameter or buffer without its values. */
export interface ParameterShape {
	readonly name: string;
	/** As PyTorch's. */
	readonly shape: readonly number[];
	readonly size: number;
	readonly layout: Layout;
	readonly trainable: boolean;
}

/** What a network is described into. */
interface Description {
	readonly shapes: ParameterShape[];
	/** A single zero of each rank, which stands for every parameter of that rank. */
	readonly zeros: Map<number, tf.Variable>;
}

/** Fills a new parameter: values in our layout's order, `[…shape]` flat. */
export type Initializer = (shape: readonly number[], random: Random) => Float32Array;

/** An array in PyTorch's layout, as read from a checkpoint or golden file. */
export interface TorchArray {
	readonly shape: readonly number[];
	readonly data: Float32Array;
}

/**
 * The named parameters and buffers of one network. Names are those of the authors' state dict: they are the table by
 * which weights are exchanged. A parameter's initial values depend on the generator and its name alone, not on the order
 * of creation. Owns its variables; `dispose` frees them.
 */
export class Parameters implements Disposable {
	readonly #entries: Map<string, Parameter>;
	readonly #random: Random;
	readonly #prefix: string;

	/** What is created, where the network is only described. */
	readonly #described: Description | undefined;

	constructor(
		random: Random,
		parent?: { entries: Map<string, Parameter>; prefix: string; described?: Description | undefined },
	) {
		this.#random = random;
		this.#entries = parent?.entries ?? new Map();
		this.#prefix = parent?.prefix ?? "";
		this.#described = parent?.described;
	}

	/** The same set seen through a prefix: `at("main").at("0")` names `main.0.…`. */
	at(name: string | number): Parameters {
		const parent = { entries: this.#entries, prefix: `${this.#prefix}${name}.`, described: this.#described };
		return new Parameters(this.#random, parent);
	}

	/** Creates a parameter of `shape` (our layout), whose rank the caller names. Throws on a name taken twice. */
	create<R extends tf.Rank = tf.Rank>(
		name: string,
		shape: readonly number[],
		initializer: Initializer,
		{ layout = "plain", trainable = true }: { readonly layout?: Layout; readonly trainable?: boolean } = {},
	): tf.Variable<R> {
		const full = `${this.#prefix}${name}`;
		if (this.#entries.has(full)) throw new Error(`parameters: name must be new, got ${full} twice`);
		this.#described?.shapes.push({
			name: full,
			shape: shapeInTorch(shape, layout),
			size: size(shape),
			layout,
			trainable,
		});
		const variable =
			this.#described === undefined
				? variableOf(initializer(shape, this.#random.split(full)), shape, trainable)
				: zeroOf(this.#described, shape.length);
		this.#entries.set(full, { name: full, variable, layout, trainable });
		return variable as tf.Variable<R>;
	}

	/** All entries, in order of creation. */
	entries(): Parameter[] {
		return [...this.#entries.values()];
	}

	/** The trainable variables, in order of creation. */
	trainable(): tf.Variable[] {
		return this.entries()
			.filter((entry) => entry.trainable)
			.map((entry) => entry.variable);
	}

	get(name: string): Parameter | undefined {
		return this.#entries.get(name);
	}

	/** Number of trainable values. */
	count(): number {
		return this.trainable().reduce((sum, variable) => sum + variable.size, 0);
	}

	/** Number of trainable values of the network that `build` makes, without making them. */
	static count(build: (parameters: Parameters) => unknown): number {
		return Parameters.describe(build).reduce((sum, { size, trainable }) => sum + (trainable ? size : 0), 0);
	}

	/**
	 * Names and shapes of the network that `build` makes, in order of creation, without its values: its parameters are single
	 * zeros, so a network of any size is described at once.
	 */
	static describe(build: (parameters: Parameters) => unknown): readonly ParameterShape[] {
		const described: Description = { shapes: [], zeros: new Map() };
		using parameters = new Parameters(Random.seed(0), { entries: new Map(), prefix: "", described });
		build(parameters);
		return described.shapes;
	}

	/** The values of one parameter in PyTorch's layout. */
	read(name: string): TorchArray {
		const entry = this.#required(name);
		return tensorToTorch(entry.variable, entry.layout);
	}

	/** Sets one parameter from an array in PyTorch's layout. Throws where shapes differ. */
	write(name: string, array: TorchArray): void {
		const { variable, layout } = this.#required(name);
		tf.tidy(() => {
			const torch = tf.tensor(array.data, [...array.shape], "float32");
			const ours = layout === "plain" ? torch : torch.transpose([...toOurs[layout]]);
			// PyTorch keeps scalars as [] or [1]; both are the same number.
			const fits = ours.size === 1 ? variable.size === 1 : String(ours.shape) === String(variable.shape);
			if (!fits) {
				const shape = shapeInTorch(variable.shape, layout);
				throw new RangeError(`${name}: must have shape [${shape}], got [${array.shape}]`);
			}
			variable.assign(ours.reshape(variable.shape));
		});
	}

	#required(name: string): Parameter {
		const entry = this.#entries.get(name);
		if (entry === undefined) throw new Error(`parameters: no parameter named ${name}`);
		return entry;
	}

	[Symbol.dispose](): void {
		for (const variable of new Set(this.entries().map((entry) => entry.variable))) variable.dispose();
		this.#entries.clear();
	}
}

/** A tensor in our layout as an array in PyTorch's; also right for gradients. */
export function tensorToTorch(tensor: tf.Tensor, layout: Layout): TorchArray {
	// Not returned from a tidy, which would look for tensors among millions of numbers.
	const torch = layout === "plain" ? tensor : tensor.transpose([...toTorch[layout]]);
	const array = { shape: torch.shape, data: Float32Array.from(torch.dataSync()) };
	if (torch !== tensor) torch.dispose();
	return array;
}

function zeroOf({ zeros }: Description, rank: number): tf.Variable {
	const zero = zeros.get(rank) ?? variableOf(new Float32Array(1), new Array<number>(rank).fill(1), false);
	zeros.set(rank, zero);
	return zero;
}

function variableOf(values: Float32Array, shape: readonly number[], trainable: boolean): tf.Variable {
	const tensor = tf.tensor(values, [...shape], "float32");
	const variable = tf.variable(tensor, trainable);
	tensor.dispose();
	return variable;
}

function shapeInTorch(shape: readonly number[], layout: Layout): number[] {
	return layout === "plain" ? [...shape] : toTorch[layout].map((axis) => shape[axis] as number);
}

/** Values drawn from N(0, deviation²). */
export function normalInit(deviation: number, mean = 0): Initializer {
	return (shape, random) => random.normals(size(shape), mean, deviation);
}

/** Values drawn from N(mean, deviation²), drawn again where they lie more than two deviations off, as TensorFlow does. */
export function truncatedNormalInit(deviation: number, mean = 0): Initializer {
	return (shape, random) =>
		Float32Array.from({ length: size(shape) }, () => {
			let value = random.normal();
			while (Math.abs(value) > 2) value = random.normal();
			return mean + deviation * value;
		});
}

/** Kaiming's normal for ReLU times `scale`: N(0, scale²·2/fan_in), fan_in the product of all axes but the last. */
export function kaimingInit(scale = 1): Initializer {
	return (shape, random) => {
		const fanIn = size(shape.slice(0, -1));
		return random.normals(size(shape), 0, scale * Math.sqrt(2 / fanIn));
	};
}

/** Every value `value`. */
export function constantInit(value: number): Initializer {
	return (shape) => new Float32Array(size(shape)).fill(value);
}

/** Uniform in ±bound. */
export function uniformInit(bound: number): Initializer {
	return (shape, random) => random.uniforms(size(shape), -bound, bound);
}

function size(shape: readonly number[]): number {
	return shape.reduce((product, length) => product * length, 1);
}
