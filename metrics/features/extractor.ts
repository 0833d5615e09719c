/** What a file in metrics/features/ makes: a network that turns pictures into feature rows and class logits. */
import type { Picture, Protocol } from "../metric.ts";

/** Rows for a batch: `features` [count, dimensions], `logits` [count, classes]. */
export interface Extracted {
	readonly features: Float32Array;
	readonly logits?: Float32Array;
}

/** Owns its weights; `dispose` frees them. */
export interface Extractor extends Disposable {
	readonly id: string;
	/** Put behind a metric's name wherever it is shown, so that numbers of unlike extractors are not mixed: "lite". */
	readonly label: string;
	/** Pictures are resized to this before they come in. */
	readonly size: readonly [height: number, width: number];
	/** Length of a feature row. */
	readonly dimensions: number;
	/** Length of a logit row; 0 where it has none. */
	readonly classes: number;
	/** Name of the network, layer and hash of its weights. */
	readonly protocol: Protocol;
	/** `pixels` [count, height, width, 3] from 0 to 255. A picture's row does not depend on its batch. */
	extract(pixels: Float32Array, count: number): Promise<Extracted>;
}

/** Brings a picture of bytes to a size: RGB values from 0 to 255, [height, width, 3]. `id` goes into the protocol. */
export interface Resizer {
	readonly id: string;
	resize(picture: Picture, height: number, width: number): Float32Array;
}
