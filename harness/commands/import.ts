import type { AddCommand } from "../command-line.ts";

interface Flags {
	readonly system: string;
	readonly out: string;
	readonly options?: string;
	readonly attributes?: string;
}

/** `fovea import`: checkpoints of the authors' own code as one of ours. */
export const addImport: AddCommand = (program, line) => {
	program
		.command("import")
		.description(
			"read checkpoints of the authors' own code (.pth, .safetensors, Keras .h5 and .keras) into one of ours",
		)
		.argument(
			"<files...>",
			"files of weights; NETWORK=FILE says which network a file holds, for example G_A=latest.pth",
		)
		.requiredOption("--system <id>", "whose networks they are; fovea models lists them")
		.requiredOption("--out <folder>", "where the checkpoint is written")
		.option("--options <list>", "options of the system as name=value,…; the others are found by the tensors' shapes")
		.option("--attributes <names>", "names of a conditional system's labels in order, separated by commas")
		.action(async (files: string[], flags: Flags) => {
			const { startEngine } = await import("../../engine/engine.ts");
			const { importWeights } = await import("../import/import.ts");
			const { readWeights } = await import("../import/read.ts");
			const { parseOptions } = await import("../option-list.ts");
			const { findSystem } = await import("../systems.ts");
			const { existsSync } = await import("node:fs");
			// Networks are only described here: any engine will do, and this one is always there.
			await startEngine({ engine: "wasm" });
			const system = await findSystem(flags.system, "--system");
			const options = parseOptions("--options", flags.options ?? "", system.options);
			const sources = [];
			for (const given of files) {
				const [, network, path = given] = existsSync(given) ? [] : (/^(\w+)=(.+)$/.exec(given) ?? []);
				line.say(`reading ${path}`);
				sources.push({ file: await readWeights(path), ...(network === undefined ? {} : { network }) });
			}
			const names = flags.attributes?.split(",");
			const imported = await importWeights(sources, system, {
				...{ options, out: flags.out },
				...(names === undefined ? {} : { attributes: names }),
			});
			const { networks, absent, aside, checkpoint } = imported;
			const taken = Object.entries(networks).map(
				([name, { parameters, file, prefix }]) =>
					`${name}: ${parameters.toLocaleString("en")} parameters from ${file}${prefix === "" ? "" : `, under ${prefix}`}`,
			);
			const differing = Object.entries(imported.options).filter(([name, value]) => system.options[name] !== value);
			const found = differing.map(([name, value]) => `${name}=${value}`).join(",");
			const text = [
				...taken,
				...(found === "" ? [] : [`options that are not the paper's: ${found}`]),
				...(absent.length === 0 ? [] : [`not in the file: ${absent.join(", ")}`]),
				...(aside.length === 0 ? [] : [`left aside: ${aside.length} tensors of no network`]),
				checkpoint,
			];
			line.answer(
				{ ...imported, files: sources.map(({ file: { path, format, sha256 } }) => ({ path, format, sha256 })) },
				text.join("\n"),
			);
		});
};
