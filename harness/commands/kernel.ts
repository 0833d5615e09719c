import type { Place } from "../../kernel/install.ts";
import type { AddCommand } from "../command-line.ts";

interface PlaceOptions {
	readonly user?: true;
	readonly prefix?: string;
	readonly sysPrefix?: true;
}

/** `fovea kernel`: tells Jupyter about the TypeScript kernel, without Python. */
export const addKernel: AddCommand = (program, line) => {
	const kernel = program.command("kernel").description("the Jupyter kernel for TypeScript notebooks");
	const placed = (name: string, description: string) =>
		kernel
			.command(name)
			.description(description)
			.option("--user", "for this user (the default)")
			.option("--prefix <path>", "under PATH/share/jupyter, for instance a Python environment")
			.option("--sys-prefix", "for the Python environment in use");

	placed("install", "let Jupyter find the kernel").action(async (options: PlaceOptions) => {
		const { installKernel } = await import("../../kernel/install.ts");
		const folder = installKernel(placeOf(options));
		line.answer({ installed: folder }, `the kernel is installed: ${folder}\nopen a notebook with "TypeScript (fovea)"`);
	});
	placed("uninstall", "make Jupyter forget the kernel").action(async (options: PlaceOptions) => {
		const { uninstallKernel } = await import("../../kernel/install.ts");
		const folder = uninstallKernel(placeOf(options));
		line.answer({ removed: folder ?? null }, folder ? `removed ${folder}` : "the kernel is not installed there");
	});
	kernel
		.command("list")
		.description("the kernels Jupyter would find here")
		.action(async () => {
			const { listKernels } = await import("../../kernel/install.ts");
			const kernels = listKernels();
			const rows = kernels.map(
				({ name, displayName, folder, isOurs, problem }) =>
					`${isOurs ? "*" : " "} ${name}  ${displayName}  ${folder}${problem ? `  (${problem})` : ""}`,
			);
			line.answer({ kernels }, rows.length > 0 ? rows.join("\n") : "no kernels; run fovea kernel install");
		});
};

function placeOf({ user, prefix, sysPrefix }: PlaceOptions): Place {
	if ([user, prefix, sysPrefix].filter((each) => each !== undefined).length > 1)
		throw new Error("kernel: one of --user, --prefix and --sys-prefix must be given, got several");
	if (prefix !== undefined) return { kind: "prefix", prefix };
	return { kind: sysPrefix ? "sys-prefix" : "user" };
}
