import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import {
	agganLinear,
	cycleganCosine,
	cycleganLinear,
	cycleganStep,
	milestones,
	type RateRule,
	starganLinear,
} from "../../harness/learning-rates.ts";

interface Schedule {
	readonly config: Readonly<Record<string, number>> & { readonly milestones?: readonly number[] };
	/** A rate per epoch, or the first iteration that uses a rate with that rate. */
	readonly lr: readonly number[] | readonly (readonly [iteration: number, rate: number])[];
}

const schedules = JSON.parse(
	readFileSync(join(import.meta.dirname, "../../../fixtures/golden/schedules/learning_rates.json"), "utf8"),
) as Readonly<Record<string, Schedule>>;

type Config = Schedule["config"];
const number = (config: Config, name: string): number => {
	const value = config[name];
	if (typeof value !== "number") throw new RangeError(`schedule: must have ${name}`);
	return value;
};
const starganOptions = (config: Config) => ({
	iterations: number(config, "num_iters"),
	decay: number(config, "num_iters_decay"),
	every: number(config, "lr_update_step"),
});
const multistep = (config: Config) => milestones({ at: config.milestones ?? [], gamma: number(config, "gamma") });

/** Our rule for each schedule, and how it counts its first epoch. */
const rules: Readonly<Record<string, { readonly first: 0 | 1; readonly rule: (config: Config) => RateRule }>> = {
	attentiongan_v2_cyclegan_linear: {
		first: 1,
		rule: (config) => cycleganLinear({ constant: number(config, "niter"), decay: number(config, "niter_decay") }),
	},
	attentiongan_v2_cyclegan_step: {
		first: 1,
		rule: (config) => cycleganStep({ every: number(config, "lr_decay_iters"), gamma: number(config, "gamma") }),
	},
	attentiongan_v2_cyclegan_cosine: { first: 1, rule: (config) => cycleganCosine({ period: number(config, "niter") }) },
	attentiongan_v1_linear: {
		first: 0,
		rule: (config) =>
			agganLinear({
				epochs: number(config, "n_epochs"),
				decayFrom: number(config, "decay_epoch"),
				start: number(config, "start_epoch"),
			}),
	},
	stargan_as_coded: { first: 1, rule: (config) => starganLinear({ ...starganOptions(config), asCoded: true }) },
	stargan_as_intended: { first: 1, rule: (config) => starganLinear(starganOptions(config)) },
	fasrgan_fssrgan_multistep: { first: 1, rule: multistep },
	rrdb_psnr_multistep: { first: 1, rule: multistep },
};

test("every schedule of the papers' codes has its rule", (t) => {
	t.deepEqual(Object.keys(rules).sort(), Object.keys(schedules).sort());
});

for (const [name, { config, lr }] of Object.entries(schedules)) {
	test(`${name} gives the rates of the authors' code`, (t) => {
		const { first, rule } = rules[name] as (typeof rules)[string];
		const base = number(config, "lr");
		const at = rule(config);
		// The codes multiply and subtract step by step, ours are closed forms: rounding in float64 apart, up to 200 operations.
		const same = (count: number, rate: number) =>
			t.true(
				Math.abs(base * at(count) - rate) <= 1e-12 * base,
				`${name} at ${count}: ${base * at(count)}, not ${rate}`,
			);
		for (const [index, entry] of lr.entries()) {
			if (typeof entry === "number") {
				same(index + first, entry);
				continue;
			}
			const [from, rate] = entry;
			same(from, rate);
			const next = lr[index + 1] as readonly [number, number] | undefined;
			// Each rate holds until the next one begins.
			if (next !== undefined) same(next[0] - 1, rate);
		}
	});
}

test("the defaults are the papers' settings", (t) => {
	t.is(cycleganLinear()(200), 1 - 100 / 101);
	t.is(agganLinear()(199), 1 - 99 / 100);
	t.is(starganLinear()(200_001), 0);
	t.is(milestones()(300_000), 1 / 16);
});

test("StarGAN's decay as coded ends at 0.999 of the base rate, as it is meant at zero", (t) => {
	t.true(Math.abs(starganLinear({ asCoded: true })(200_001) - 0.999) < 1e-12);
	t.is(starganLinear()(200_001), 0);
});

test("a training of AttentionGAN's scheme I that is resumed goes on where it stopped", (t) => {
	t.is(agganLinear({ start: 150 })(3), agganLinear()(153));
});
