import type { Options } from "../../models/system.ts";
import type { AddCommand } from "../command-line.ts";
import type { GenerateOptions } from "../generate/generate.ts";

interface Flags {
	readonly checkpoint?: string;
	readonly options?: string;
	readonly input?: string;
	readonly out: string;
	readonly edit: readonly string[];
	readonly source?: string;
	readonly labels?: string;
	readonly attributes?: string;
	readonly direction?: string;
	readonly class?: string;
	readonly count?: string;
	readonly seed: string;
	readonly size?: string;
}

const listed = (text: string, before: readonly string[]) => [...before, ...text.split(",")];

/** `fovea generate`: a trained or imported system over a folder of pictures. */
export const addGenerate: AddCommand = (program, line) => {
	program
		.command("generate")
		.description("apply a trained or imported system to pictures: results, masks and overlays in --out")
		.argument("<system>", "id of the system, as the checkpoint has it")
		.option("--checkpoint <folder>", "of fovea train or fovea import; none where the system has no parameters")
		.option("--options <list>", "options of a system without parameters as name=value,…")
		.requiredOption("--out <folder>", "empty or not there yet")
		.option("--input <folder>", "pictures of any size; left out where the system starts from noise")
		.option(
			"--edit <targets>",
			"conditional systems: Blond_Hair, Male=0 or Male+Young, separated by commas",
			listed,
			[],
		)
		.option("--source <attributes>", "labels that every picture has, as Male+Young; none without it")
		.option("--labels <file>", "labels of each picture, in the form of CelebA's list_attr_celeba.txt")
		.option("--attributes <names>", "names of the labels in order, where the checkpoint says none")
		.option("--direction <way>", "two-domain systems: a-to-b or b-to-a; a-to-b without it")
		.option(
			"--class <side>",
			"pairs from noise, one half for each class: a (without the label) or b (with it); b without it",
		)
		.option("--count <n>", "pictures from noise")
		.option("--seed <n>", "of the noise", "0")
		.option("--size <n>", "cut to a square and resize to this side first; the pictures' own size without it")
		.action(async (system: string, flags: Flags) => {
			const { startEngine } = await import("../../engine/engine.ts");
			const { wholeNumber } = await import("../experiments/find.ts");
			const { generate } = await import("../generate/generate.ts");
			const { openModel, openUntrained } = await import("../generate/model.ts");
			const { checkpoint, direction } = flags;
			if (direction !== undefined && direction !== "a-to-b" && direction !== "b-to-a") {
				throw new RangeError(`--direction: must be a-to-b or b-to-a, got ${direction}`);
			}
			const side = flags.class ?? "b";
			if (side !== "a" && side !== "b") throw new RangeError(`--class: must be a or b, got ${side}`);
			const optional = (name: "count" | "size") => {
				const text = flags[name];
				return text === undefined ? {} : { [name]: wholeNumber(`--${name}`, text, 1) };
			};
			const request: GenerateOptions = {
				...{ out: flags.out, edits: flags.edit, input: flags.input, source: flags.source, labels: flags.labels },
				...{ direction, attributes: flags.attributes?.split(","), seed: wholeNumber("--seed", flags.seed) },
				...{ ...optional("count"), ...optional("size"), signal: line.signal },
			};
			if (checkpoint !== undefined && flags.options !== undefined) {
				throw new RangeError(`--options: must be left out with --checkpoint, which says them, got ${flags.options}`);
			}
			await startEngine();
			const model =
				checkpoint === undefined
					? await openUntrained(system, await optionsOf(system, flags.options))
					: await openModel(checkpoint, system, side);
			try {
				if (model.absent.length > 0) line.say(`not in the checkpoint: ${model.absent.join(", ")}`);
				const progress = line.progress(`generating with ${system}`);
				const generated = await generate(model, request, (event) => progress.update(event));
				progress[Symbol.dispose]();
				const { pictures, out } = generated;
				const masks = pictures.reduce((sum, { maps }) => sum + maps.length, 0);
				const isTable = pictures.some(({ scores }) => scores !== undefined);
				const made = isTable ? "results in one table" : `results and ${masks} masks`;
				line.answer(generated, `${pictures.length} ${made} in ${out}`);
			} finally {
				model[Symbol.dispose]();
			}
		});
};

async function optionsOf(id: string, text = ""): Promise<Options> {
	const { parseOptions } = await import("../option-list.ts");
	const { findSystem } = await import("../systems.ts");
	return parseOptions("--options", text, (await findSystem(id, "generate")).options);
}
