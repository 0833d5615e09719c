import type { AddCommand } from "../command-line.ts";

/** `fovea doctor`: what works here and how to get the rest. */
export const addDoctor: AddCommand = (program, line) => {
	program
		.command("doctor")
		.description("what works here, and how to get the rest")
		.action(async () => {
			const { examine } = await import("../doctor.ts");
			const checks = await examine();
			const rows = checks.map(({ name, ok, detail, fix }) => {
				const advice = fix === "" ? "" : `\n           ${fix}`;
				return `${ok ? "ok  " : "no  "} ${name.padEnd(9)} ${detail}${advice}`;
			});
			line.answer({ checks }, rows.join("\n"));
		});
};
