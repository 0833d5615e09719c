import type { AddCommand } from "../command-line.ts";

interface Options {
	readonly data?: string;
	readonly preset: string;
	readonly experiment?: string;
	readonly out: string;
	readonly seed: string;
	readonly steps?: string;
	readonly from?: string;
	readonly weights?: string;
	readonly resume?: true;
	readonly tensorboard?: true;
	readonly set: readonly string[];
	readonly progressJson?: true;
}

/** `fovea train`: one training, resumable, with its log, checkpoint and pictures. */
export const addTrain: AddCommand = (program, line) => {
	program
		.command("train")
		.description("train one system: checkpoint, log.jsonl, sample grid and attention maps in --out")
		.argument("<system>", "id of the system, for example cca-gan")
		.option(
			"--data <spec>",
			"faces, celeba, horses, horse2zebra, or a set by its path, as celeba:PATH; the preset's without it",
		)
		.option("--preset <name>", "smoke, laptop or paper", "smoke")
		.option("--experiment <paper>", "the paper whose presets count, where several compare the system")
		.requiredOption("--out <folder>", "where the training is kept")
		.option("--seed <n>", "decides initial weights, data order and every draw", "1")
		.option("--steps <n>", "iterations in all; the preset's without it")
		.option("--from <folder>", "a finished training to start from, for systems that build on another's")
		.option(
			"--set <name=number>",
			"a number instead of the preset's (repeatable)",
			(one, all: string[]) => [...all, one],
			[],
		)
		.option(
			"--weights <folder>",
			"a checkpoint of train or import whose networks to start from, instead of initial weights",
		)
		.option("--resume", "go on from the folder's checkpoint, if there is one")
		.option(
			"--tensorboard",
			"also write TensorBoard event files: losses of every iteration, sheets at every checkpoint",
		)
		.option("--progress-json", "progress as JSON lines on stderr, for programs")
		.action(async (system: string, options: Options) => {
			const { startEngine } = await import("../../engine/engine.ts");
			const { experimentOf, presetOf, wholeNumber } = await import("../experiments/find.ts");
			const { refuseSettings } = await import("../experiments/settings.ts");
			const { runTraining } = await import("../training-run.ts");
			const seed = wholeNumber("--seed", options.seed);
			const preset = presetOf(options.preset);
			const steps = options.steps === undefined ? undefined : wholeNumber("--steps", options.steps, 1);
			const experiment = await experimentOf(system, options.experiment);
			const set = Object.fromEntries(options.set.map(setting));
			refuseSettings(experiment.settable(system), set, "--set");
			endWithParent();
			await startEngine();
			const training = await experiment.training(system, {
				...{ preset, data: options.data, seed, steps, from: options.from, set },
			});
			for (const note of training.notes ?? []) line.say(`${system}: ${note}`);
			const events = runTraining(training, {
				...{
					out: options.out,
					seed,
					tensorboard: options.tensorboard === true,
					weights: options.weights,
					resume: options.resume === true,
					signal: line.signal,
				},
			});
			const progress = line.progress(`training ${system}`);
			let next = await events.next();
			let told = 0;
			while (next.done !== true) {
				const { step, steps, losses } = next.value;
				if (options.progressJson === true) {
					if (performance.now() - told > 500) {
						told = performance.now();
						process.stderr.write(`${JSON.stringify({ step, steps })}\n`);
					}
				} else {
					const text = Object.entries(losses).map(([name, value]) => `${name} ${value.toFixed(3)}`);
					progress.update({ done: step, total: steps, text: text.join(" ") });
				}
				next = await events.next();
			}
			progress[Symbol.dispose]();
			training.gan[Symbol.dispose]();
			const { value: result } = next;
			const minutes = (result.seconds / 60).toFixed(1);
			line.answer(result, `${system}: ${result.steps} iterations in ${minutes} minutes; ${result.checkpoint}`);
		});
};

function setting(text: string): [name: string, value: number] {
	const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
	if (name === undefined || value === undefined || Number.isNaN(Number(value))) {
		throw new RangeError(`--set: must be name=number, got ${text}`);
	}
	return [name, Number(value)];
}

/** Started by a program that is gone since, a training keeps what it has and ends, or two would write into one folder. */
function endWithParent(): void {
	if (process.channel === undefined) return;
	// Nobody reads what it says any more: that alone must not end it before it has kept what it has.
	process.stderr.on("error", () => undefined);
	process.once("disconnect", () => process.kill(process.pid, "SIGINT"));
	process.channel.unref();
}
