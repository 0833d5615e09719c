import { Jupyter, repository } from "../../test/helpers/jupyter.ts";

/** Our kernel and those it is measured against, by the same programs. */

export interface Kernel {
	/** Its name in Jupyter. */
	readonly name: "fovea" | "tslab" | "deno" | "python3";
	readonly title: string;
	readonly language: "typescript" | "python";
	/** The samples of test/jupyter/python that suit it. */
	readonly samples: "typescript" | "tslab" | "deno" | "python";
}

export const kernels: readonly Kernel[] = [
	{ name: "fovea", title: "fovea", language: "typescript", samples: "typescript" },
	{ name: "tslab", title: "tslab 1.0.22", language: "typescript", samples: "tslab" },
	{ name: "deno", title: "Deno 2.9.6, no type check", language: "typescript", samples: "deno" },
	{ name: "python3", title: "ipykernel 7.4", language: "python", samples: "python" },
];

/** One Jupyter that knows them all. */
export async function startJupyter(): Promise<Jupyter> {
	const jupyter = new Jupyter();
	try {
		await jupyter.addRivals();
	} catch (error) {
		jupyter[Symbol.dispose]();
		throw error;
	}
	return jupyter;
}

/**
 * What a program printed as JSON about one kernel.
 * @param seconds It is ended after these; a rival that never answers is no reason to wait for ever.
 * @returns Undefined, and a line on stderr, for a rival that did not answer or failed.
 */
export async function ask<Answer>(
	jupyter: Jupyter,
	kernel: Kernel,
	[script, ...words]: readonly [script: string, ...words: string[]],
	seconds: number,
): Promise<Answer | undefined> {
	const file = `${repository}/${script}`;
	const { stdout, stderr, code } = await jupyter.run("python", [file, ...words], { patience: 1000 * seconds });
	if (code === 0) return JSON.parse(stdout) as Answer;
	const reason = code === null ? `no answer within ${seconds} s` : (stderr.trimEnd().split("\n").at(-1) ?? "");
	if (kernel.name === "fovea") throw new Error(`${script}: must measure fovea, got ${reason}`);
	process.stderr.write(`${script}: ${kernel.name}: ${reason}\n`);
	return undefined;
}
