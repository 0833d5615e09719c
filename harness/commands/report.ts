import type { AddCommand } from "../command-line.ts";

/** `fovea report`: one HTML page of a reproduction, a training or evaluation reports. */
export const addReport: AddCommand = (program, line) => {
	program
		.command("report")
		.description("one self-contained HTML page: claims, tables, interactive plots, attention maps, protocols")
		.argument("<dir>", "folder of fovea reproduce, of fovea train, or a report of fovea evaluate")
		.option("--out <file>", "where the page goes (default: report.html in the folder)")
		.action(async (dir: string, options: { readonly out?: string }) => {
			const { stat } = await import("node:fs/promises");
			const { join } = await import("node:path");
			const { writeAtomically } = await import("../files.ts");
			const { readContents } = await import("../page/contents.ts");
			const { buildPage } = await import("../page/page.ts");
			const contents = await readContents(dir);
			const isFolder = (await stat(dir)).isDirectory();
			const out = options.out ?? (isFolder ? join(dir, "report.html") : dir.replace(/(\.json)?$/, ".html"));
			const html = await buildPage(contents);
			await writeAtomically(out, html);
			const bytes = Buffer.byteLength(html);
			const { claims, tables, numbers, metrics, losses, attention, pictures } = contents;
			const counts = {
				...{ claims: claims.length, tables: tables.length, numbers: numbers.length },
				...{ plots: metrics.length + losses.length, attention: attention.length, pictures: pictures.length },
			};
			line.answer({ file: out, bytes, ...counts }, `${out} (${(bytes / 1e6).toFixed(1)} MB)`);
		});
};
