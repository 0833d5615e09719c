/**
 * Faces in two resolutions with AGA-GAN's attribute vector, as NoviceMAn-prog/AGA-GAN@647a90c loads them: both resolutions
 * are made of the picture itself by Pillow's Lanczos resize, and each of 38 attributes is −1, 1, or 0 where it is not known.
 * A set that lacks attributes of CelebA (drawn faces have 11 of the 38) leaves them unknown.
 *
 * Differs from the authors' data: they align CelebA by MTCNN, whose template is not public; here it is a square of the
 * aligned and cropped distribution.
 */
import type { Random } from "../../engine/random.ts";
import { resizeBytes } from "../resize.ts";
import { agaGanAttributes } from "./celeba.ts";
import type { Dataset } from "./dataset.ts";
import type { ResolutionDataset } from "./resolution.ts";

export interface GuidedFacesOptions {
	/** Side of the low resolution, pixels. @default 16 */
	readonly lowSize?: number;
	/** How many times larger the high resolution is. @default 8 */
	readonly scale?: number;
}

/** A labelled set of square faces, at least as large as the high resolution, in two resolutions. */
export function guidedFaces(dataset: Dataset, { lowSize = 16, scale = 8 }: GuidedFacesOptions = {}): ResolutionDataset {
	const [side, width] = dataset.size;
	const highSize = lowSize * scale;
	if (side !== width || side < highSize) {
		throw new RangeError(
			`${dataset.name}: pictures must be square and at least ${highSize} wide for ×${scale}, got ${width}×${side}`,
		);
	}
	const known = agaGanAttributes.filter((name) => dataset.attributes.includes(name)).length;
	const resized = (pixels: Uint8Array, size: number) => ({
		data: resizeBytes(pixels, dataset.channels, [side, side], [size, size], "lanczos"),
		...{ height: size, width: size, channels: dataset.channels },
	});
	return {
		name: `${dataset.name} ${lowSize} to ${highSize}`,
		scale,
		channels: dataset.channels,
		attributes: agaGanAttributes,
		count: (split) => dataset.count(split),
		async read(split, index) {
			const { id, pixels, label } = await dataset.read(split, index);
			const high = resized(pixels, highSize);
			return { id, low: resized(pixels, lowSize), high, label: attributeVector(dataset.attributes, label) };
		},
		describe: () =>
			`${dataset.describe()}; both resolutions by Lanczos, ${lowSize}×${lowSize} and ${highSize}×${highSize}; ${known} of ${agaGanAttributes.length} attributes known`,
	};
}

/** AGA-GAN's vector of a label of 0 and 1 under `attributes`: 1, −1, or 0 for an attribute that is not among them. */
export function attributeVector(attributes: readonly string[], label: ArrayLike<number>): Float32Array {
	return Float32Array.from(agaGanAttributes, (name) => {
		const at = attributes.indexOf(name);
		return at < 0 ? 0 : 2 * (label[at] as number) - 1;
	});
}

/** The same vectors [count, width] with `unknown` of each set to 0, drawn at random for each picture. */
export function partlyKnown(vectors: Float32Array, width: number, unknown: number, random: Random): Float32Array {
	if (!Number.isInteger(unknown) || unknown < 0 || unknown > width) {
		throw new RangeError(`attributes: unknown must be a whole number up to ${width}, got ${unknown}`);
	}
	const partial = Float32Array.from(vectors);
	for (let start = 0; start < vectors.length; start += width) {
		for (const attribute of random
			.split(start / width)
			.permutation(width)
			.subarray(0, unknown)) {
			partial[start + attribute] = 0;
		}
	}
	return partial;
}
