/**
 * Drawn brain slices of many patients, half of the slices with a lesion of known mask: the embedded stand-in for BraTS.
 * A patient gives several slices and belongs to one split alone. Slice `i` of a split is a function of (seed, split, i).
 */
import { Random } from "../../engine/random.ts";
import { drawBrain, type Patient, patient } from "../drawing/brain.ts";
import type { Dataset, Example, Split } from "./dataset.ts";

export interface BrainsOptions {
	/** Height and width, pixels, 16 to 512. @default 64 */
	readonly size?: number;
	/** Slices of each split; consecutive ones are of the same patient. @default 800 to train, 100 to validate, 200 to test */
	readonly count?: Readonly<Partial<Record<Split, number>>>;
	/** @default 8 */
	readonly slicesPerPatient?: number;
	/** The first few of FLAIR, T1, T1 with contrast, T2; three are FLAIR, T1 with contrast, T2. @default 1 */
	readonly channels?: 1 | 3 | 4;
	/** @default 0 */
	readonly seed?: number;
}

export interface Brains extends Dataset {
	/** Number of the patient that a slice is of, within its split. */
	patient(split: Split, index: number): number;
	/** The same slice with the lesion taken out or put in, [size, size, channels] bytes. */
	counterfactual(split: Split, index: number): Uint8Array;
}

/** The label of slices with a lesion. */
export const tumourAttribute = "Tumour";

const modalities: Readonly<Record<1 | 3 | 4, readonly number[]>> = { 1: [0], 3: [0, 2, 3], 4: [0, 1, 2, 3] };

interface Slice {
	readonly person: Patient;
	readonly height: number;
	readonly diseased: boolean;
	readonly random: Random;
}

/** Opens the set; nothing is drawn before it is read. */
export function brains(options: BrainsOptions = {}): Brains {
	const { size = 64, count = {}, slicesPerPatient = 8, channels = 1, seed = 0 } = options;
	if (!Number.isInteger(size) || size < 16 || size > 512) {
		throw new RangeError(`brains: size must be a whole number from 16 to 512, got ${size}`);
	}
	const counts: Record<Split, number> = { train: 800, validation: 100, test: 200, ...count };
	const root = Random.seed(seed).split("brains");
	const slice = (split: Split, index: number): Slice => {
		if (!Number.isInteger(index) || index < 0 || index >= counts[split]) {
			throw new RangeError(`brains: ${split} index must be below ${counts[split]}, got ${index}`);
		}
		const random = root.split(split).split(Math.floor(index / slicesPerPatient));
		const person = patient(random.split("patient"));
		const own = random.split("slice").split(index % slicesPerPatient);
		// Half of a patient's slices are taken through the lesion, the others far from it.
		const diseased = index % 2 === 1;
		const { level, reach } = person.lesion;
		const place = own.uniform();
		const height = diseased ? level + (place - 0.5) * 1.2 * reach : away(level, reach, place);
		return { person, height, diseased, random: own.split("texture") };
	};
	const draw = ({ person, height, diseased, random }: Slice, lesion = diseased) => {
		const { pixels, mask } = drawBrain(size, person, height, lesion, random);
		return { pixels: picked(pixels, channels), mask };
	};
	return {
		name: "brains",
		size: [size, size],
		channels,
		attributes: [tumourAttribute],
		count: (split) => counts[split],
		label: (split, index) => Float32Array.of(slice(split, index).diseased ? 1 : 0),
		patient: (_, index) => Math.floor(index / slicesPerPatient),
		async read(split, index): Promise<Example> {
			const drawn = slice(split, index);
			const { pixels, mask } = draw(drawn);
			const label = Float32Array.of(drawn.diseased ? 1 : 0);
			return { id: `${split}-${index}`, pixels, label, masks: { [tumourAttribute]: mask } };
		},
		counterfactual(split, index) {
			const drawn = slice(split, index);
			const { level } = drawn.person.lesion;
			// A slice that misses the lesion gets it moved to its own height.
			const lesion = { ...drawn.person.lesion, level: drawn.diseased ? level : drawn.height };
			return draw({ ...drawn, person: { ...drawn.person, lesion } }, !drawn.diseased).pixels;
		},
		describe() {
			const splits = `${counts.train} train, ${counts.validation} validation, ${counts.test} test`;
			return `drawn brain slices ${size}×${size}, seed ${seed}, ${slicesPerPatient} of each patient: ${splits}`;
		},
	};
}

/** A height in [-0.6, 0.6] outside the lesion, by a place in [0, 1); as far off as there is room where there is none. */
function away(level: number, reach: number, place: number): number {
	const below = Math.max(0, level - reach + 0.6);
	const above = Math.max(0, 0.6 - level - reach);
	if (below + above === 0) return level > 0 ? -0.6 : 0.6;
	const at = place * (below + above);
	return at < below ? -0.6 + at : level + reach + at - below;
}

/** Some of four channels. */
function picked(pixels: Uint8Array, channels: 1 | 3 | 4): Uint8Array {
	if (channels === 4) return pixels;
	const chosen = modalities[channels];
	return Uint8Array.from({ length: (pixels.length / 4) * channels }, (_, at) => {
		return pixels[Math.floor(at / channels) * 4 + (chosen[at % channels] as number)] as number;
	});
}
