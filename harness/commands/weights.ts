import type { AddCommand } from "../command-line.ts";

/** `fovea weights`: published weights of extractors, which are too large to ship. */
export const addWeights: AddCommand = (program, line) => {
	const weights = program.command("weights").description("published weights of feature extractors: list, get NAME");
	const list = async () => {
		const { existsSync } = await import("node:fs");
		const { join } = await import("node:path");
		const { publishedWeights, weightsFolder } = await import("../weights/catalogue.ts");
		const { textTable } = await import("../table.ts");
		const folder = weightsFolder();
		const found = publishedWeights.map((each) => {
			const path = join(folder, each.file);
			return { ...each, path, present: existsSync(path) };
		});
		const rows = found.map(({ name, present, purpose, use }) => [name, present ? "here" : "absent", purpose, use]);
		const columns = ["weights", "state", "of", "used by"];
		line.answer({ folder, weights: found }, textTable({ title: folder, columns, rows }));
	};
	weights.action(list);
	weights.command("list").description("what there is, and what is here").action(list);
	weights
		.command("get")
		.description("download weights into the cache; resumes, and checks their hash")
		.argument("<name>", "as in fovea weights list")
		.option("--from <path>", "a file that is here already, or another address")
		.action(async (name: string, { from }: { from?: string }) => {
			const { publishedNamed, publishedWeights, weightsFolder } = await import("../weights/catalogue.ts");
			const { fetchWeights, sha256Of } = await import("../weights/fetch.ts");
			const { didYouMean } = await import("../suggest.ts");
			const wanted = publishedNamed(name);
			if (wanted === undefined) {
				const names = publishedWeights.map((each) => each.name);
				throw new RangeError(`weights: name must be one of ${names.join(", ")}, got ${didYouMean(name, names)}`);
			}
			const steps = fetchWeights(wanted, { folder: weightsFolder(), from, signal: line.signal });
			const bar = line.progress(`weights ${name}`);
			let said = "";
			let step = await steps.next();
			while (!step.done) {
				const { text, done, total } = step.value;
				if (text !== said) line.say(text);
				said = text;
				if (done !== undefined && total !== undefined) {
					bar.update({ done: Math.round(done / 1e6), total: Math.round(total / 1e6), text: "MB" });
				}
				step = await steps.next();
			}
			bar[Symbol.dispose]();
			const path = step.value;
			line.answer({ name, path, sha256: await sha256Of(path) }, path);
		});
};
