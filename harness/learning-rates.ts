/**
 * Learning-rate rules of the papers' codes, as fractions of the base rate. Epochs and iterations are counted from 1, but
 * where a rule says otherwise. Where a code does something else than it means, the meaning is the default and the code an option.
 */

/** The fraction of the base rate in epoch or iteration `count`. */
export type RateRule = (count: number) => number;

/**
 * CycleGAN and AttentionGAN's scheme II, `linear`: constant for `constant` epochs, then down in `decay + 1` equal steps, of
 * which training takes all but the last, which would be zero (networks.py get_scheduler).
 */
export function cycleganLinear({ constant = 100, decay = 100 } = {}): RateRule {
	return (epoch) => 1 - Math.max(0, epoch - constant) / (decay + 1);
}

/** The same codes' `step`: times `gamma` after every `every` epochs. */
export function cycleganStep({ every = 50, gamma = 0.1 } = {}): RateRule {
	return (epoch) => gamma ** Math.floor((epoch - 1) / every);
}

/** The same codes' `cosine`: half a wave down to zero in `period` epochs; a longer training climbs up again. */
export function cycleganCosine({ period = 100 } = {}): RateRule {
	return (epoch) => (1 + Math.cos((Math.PI * (epoch - 1)) / period)) / 2;
}

/**
 * AttentionGAN's scheme I: constant, then linear to zero at `epochs`. Epochs are counted from 0; a training that is resumed
 * counts from 0 again and says with `start` where it stopped (utils.py LambdaLR).
 */
export function agganLinear({ epochs = 200, decayFrom = 100, start = 0 } = {}): RateRule {
	return (epoch) => 1 - Math.max(0, epoch + start - decayFrom) / (epochs - decayFrom);
}

/**
 * StarGAN and its descendants: constant, then linear to zero over the last `decay` of `iterations`, refreshed after every
 * `every` iterations. `asCoded` takes one `decay`-th off at each refreshing, where it means `every` of them, and so ends at
 * 0.999 of the base rate (solver.py).
 */
export function starganLinear({ iterations = 200_000, decay = 100_000, every = 1000, asCoded = false } = {}): RateRule {
	const from = iterations - decay;
	return (iteration) => {
		const refreshed = Math.floor((iteration - 1) / every);
		if (asCoded) return 1 - Math.max(0, refreshed - Math.floor(from / every)) / decay;
		return Math.min(1, Math.max(0, (iterations - refreshed * every) / decay));
	};
}

/** FASRGAN, Fs-SRGAN and their pre-trainings: times `gamma` from each of the iterations `at` on (MultiStepLR). */
export function milestones({
	at = [50_000, 100_000, 200_000, 300_000],
	gamma = 0.5,
}: {
	readonly at?: readonly number[];
	readonly gamma?: number;
} = {}): RateRule {
	return (iteration) => gamma ** at.filter((milestone) => milestone <= iteration).length;
}
