/**
 * What a file in models/ exports: the paper it follows, its options, its networks, one training step, its attention and
 * its published numbers. Tensors are float32 NHWC; pictures lie in [-1, 1] ("signed").
 */
import type * as tf from "@tensorflow/tfjs";
import type { Adam } from "../engine/adam.ts";
import type { Parameter, Parameters, TorchArray } from "../engine/parameters.ts";
import type { Random } from "../engine/random.ts";

/** Pictures with attribute labels, for multi-domain systems. */
export interface LabelledBatch {
	/** [N, H, W, C] in [-1, 1]. */
	readonly images: tf.Tensor4D;
	/** [N, attributes] of 0 and 1. */
	readonly labels: tf.Tensor2D;
}

/** Pictures alone, for systems that start from noise; labelled batches are such, too. */
export interface PictureBatch {
	/** [N, H, W, C] in [-1, 1]. */
	readonly images: tf.Tensor4D;
}

/** Two unpaired sets of pictures, for two-domain systems. */
export interface UnpairedBatch {
	/** [N, H, W, C] in [-1, 1]. */
	readonly a: tf.Tensor4D;
	/** [N, H, W, C] in [-1, 1]. */
	readonly b: tf.Tensor4D;
	/** True masks of what tells `b` from `a`, [N, H, W, 1] in [0, 1], where the data has them. */
	readonly masks?: tf.Tensor4D;
}

/** Low- and high-resolution pictures. */
export interface ResolutionBatch {
	/** [N, H, W, C] in [-1, 1]. */
	readonly low: tf.Tensor4D;
	/** [N, H·s, W·s, C] in [-1, 1]. */
	readonly high: tf.Tensor4D;
	/** [N, attributes], for attribute-guided systems. */
	readonly labels?: tf.Tensor2D;
}

/** Every random number of one training step, drawn before it, so that a step is a function of its inputs. */
export type Draws = Readonly<Record<string, ArrayLike<number>>>;

/** Loss terms of one step by name, unweighted, as the authors' code logs them (`D/loss_real`, `G/loss_cls` …). */
export type Losses = Readonly<Record<string, number>>;

/** One gradient on its way to an optimiser. */
export interface Gradient {
	/** Key of the network in `networks`. */
	readonly network: string;
	readonly parameter: Parameter;
	/** In our layout; lives only during the call. */
	readonly value: tf.Tensor;
}

/** What a caller may look at inside a step; every tensor lives only during the call. */
export interface Watch {
	/** What one optimiser is about to receive. */
	readonly gradients?: (gradients: readonly Gradient[]) => void;
	/** A result inside the step: a generated picture, a mask. */
	readonly output?: (name: string, value: tf.Tensor) => void;
}

/** What a trained system is given. */
export interface Input {
	/** [N, H, W, C] in [-1, 1], the low-resolution ones of super-resolution; absent where a system starts from noise. */
	readonly images?: tf.Tensor4D;
	/** [N, attributes]: the target of a conditional system, the known attributes of a guided one. */
	readonly labels?: tf.Tensor2D;
	/** [N, latent], of systems that start from noise. */
	readonly noise?: tf.Tensor2D;
	/** Of two-domain systems. @default "a-to-b" */
	readonly direction?: "a-to-b" | "b-to-a";
}

/** What a system made; the caller disposes. */
export interface Output {
	/** [N, H', W', C] in [-1, 1]. */
	readonly images: tf.Tensor4D;
	/** Masks and attention maps by name, [N, H, W] in [0, 1]. */
	readonly maps: Readonly<Record<string, tf.Tensor3D>>;
}

/** Says which field of its input a system cannot do without. */
export class MissingInputError extends RangeError {
	readonly field: keyof Input;

	constructor(system: string, field: keyof Input) {
		super(`${system}: input must hold ${field}, got none`);
		this.field = field;
	}
}

/** What a system cannot do without: the field `name` of its input. Throws where it is missing. */
export function required<T>(system: string, name: keyof Input, value: T | undefined): T {
	if (value === undefined) throw new MissingInputError(system, name);
	return value;
}

/** The draws called `name`. Throws where they are missing. */
export function drawn(draws: Draws, name: string): ArrayLike<number> {
	const values = draws[name];
	if (values === undefined) throw new Error(`step: draws must hold ${name}, got ${Object.keys(draws).join(", ")}`);
	return values;
}

/** What training remembers besides parameters and moments: the pictures of a pool. Undefined is nothing yet. */
export interface Memory {
	read(): TorchArray | undefined;
	write(stored: TorchArray | undefined): void;
}

/** A network pair (or more) that trains: owns its parameters and optimiser states. */
export interface Gan<Batch> extends Disposable {
	/** File name of the system: `cca-gan`. */
	readonly id: string;
	/** Networks by the prefix under which the authors' checkpoint keeps them: `G`, `D`. */
	readonly networks: Readonly<Record<string, Parameters>>;
	/** Optimisers by name; their state belongs to a checkpoint. */
	readonly optimizers: Readonly<Record<string, Adam>>;
	/** What else a training needs to go on as if it had never stopped; absent where a step is a function of the above. */
	readonly memories?: Readonly<Record<string, Memory>>;
	/** Draws the random numbers of step `iteration`. */
	draw(random: Random, batch: Batch, iteration: number): Draws;
	/** One training iteration (0-based); changes the parameters. Leaks no tensor. */
	step(batch: Batch, draws: Draws, iteration: number, watch?: Watch): Losses;
	/** Sets every optimiser's rate as a fraction of its base rate (schedules). */
	setRate(fraction: number): void;
	/** What the trained system makes of pictures or noise, in evaluation mode; the caller disposes. Classifiers have none. */
	apply?(input: Input): Output;
	/** Attention maps by name, [N, H, W] in [0, 1]; the caller disposes. Empty where the system has none. */
	attention(batch: Batch): Record<string, tf.Tensor3D>;
}

/** One number of a published table. */
export interface Published {
	/** "Table 1". */
	readonly table: string;
	/** Row of the table: the compared system, as printed. */
	readonly system: string;
	/** Column of the table. */
	readonly column: string;
	/** Metric as printed. */
	readonly metric: string;
	readonly value: number;
	/** Printed ± value, where there is one. */
	readonly spread?: number;
	/** True where the number's protocol or source could not be confirmed. */
	readonly unverified?: boolean;
}

/** A comparison a paper makes, which `reproduce` decides. */
export interface Claim {
	/** The claim as a sentence. */
	readonly text: string;
	/** Where the paper makes it. */
	readonly where: string;
	/** Ids of the systems: the first is said to be better. */
	readonly better: string;
	readonly worse: string;
	/** Metric id and direction. */
	readonly metric: string;
	readonly direction: "lower" | "higher";
	/** Size of the gain as printed, if any. */
	readonly published?: string;
}

/** Citation, published numbers and claims of one paper; a constant in its system's file. */
export interface Paper {
	readonly id: string;
	readonly title: string;
	readonly year: number;
	readonly citation: string;
	readonly url?: string;
	readonly published: readonly Published[];
	readonly claims: readonly Claim[];
}
