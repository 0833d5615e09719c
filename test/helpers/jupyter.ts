import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestFn } from "ava";
import { cacheFolder } from "../../engine/cache.ts";
import { installKernel } from "../../kernel/install.ts";
import type { Notebook, Output as NotebookOutput } from "../../kernel/notebook.ts";
import type { Outcome } from "./fovea.ts";

/** Jupyter's own tools, as `.ci/jupyter` installs them, with our kernel installed where they look. */

/** The repository, from build/test/helpers. */
export const repository = fileURLToPath(new URL("../../..", import.meta.url));

/** The environment's folder: `FOVEA_JUPYTER`, else where `.ci/jupyter` leaves it. */
export function jupyterHome(): string {
	const home = process.env["FOVEA_JUPYTER"] ?? join(repository, "node_modules", ".cache", "jupyter");
	if (!existsSync(join(home, "bin", "jupyter")))
		throw new Error(`FOVEA_JUPYTER: must be a Python environment with Jupyter; run .ci/jupyter, got ${home}`);
	return home;
}

export interface JupyterOptions {
	readonly cwd?: string;
	readonly environment?: Readonly<Record<string, string>>;
	/** Ended by force after this many milliseconds. @default 240000 */
	readonly patience?: number;
}

export class Jupyter implements Disposable {
	readonly home = jupyterHome();
	/** Removed in the end: everything Jupyter keeps, and what a test writes. */
	readonly folder = mkdtempSync(join(tmpdir(), "fovea-jupyter-"));
	readonly environment: NodeJS.ProcessEnv = {
		...process.env,
		PATH: `${join(this.home, "bin")}:${join(this.home, "rivals", "node_modules", ".bin")}:${process.env["PATH"]}`,
		HOME: this.folder,
		FOVEA_CACHE: cacheFolder(),
		JUPYTER_DATA_DIR: join(this.folder, "data"),
		JUPYTER_CONFIG_DIR: join(this.folder, "config"),
		JUPYTER_RUNTIME_DIR: join(this.folder, "runtime"),
		IPYTHONDIR: join(this.folder, "ipython"),
		PYTHONWARNINGS: "ignore",
		PYTHONDONTWRITEBYTECODE: "1",
	};

	constructor() {
		installKernel({ kind: "user" }, this.environment);
	}

	/** Runs one of the environment's programs. */
	run(program: string, words: readonly string[], options: JupyterOptions = {}): Promise<Outcome> {
		return this.start(join(this.home, "bin", program), words, options);
	}

	private start(file: string, words: readonly string[], options: JupyterOptions = {}): Promise<Outcome> {
		const { cwd = this.folder, environment = {}, patience = 240_000 } = options;
		return new Promise((settle, reject) => {
			const child = spawn(file, words, {
				cwd,
				env: { ...this.environment, ...environment },
				stdio: ["ignore", "pipe", "pipe"],
				timeout: patience,
				killSignal: "SIGKILL",
			});
			let stdout = "";
			let stderr = "";
			child.stdout.on("data", (chunk: Buffer) => {
				stdout += chunk.toString();
			});
			child.stderr.on("data", (chunk: Buffer) => {
				stderr += chunk.toString();
			});
			child.on("error", reject);
			child.on("close", (code) => settle({ code, stdout, stderr }));
			// A kernel that outlives its program may hold the pipes open for ever.
			child.on("exit", (code) => setTimeout(() => settle({ code, stdout, stderr }), 2000).unref());
		});
	}

	/** Runs a program of test/jupyter/python. */
	python(script: string, words: readonly string[], options?: JupyterOptions): Promise<Outcome> {
		return this.run("python", [resolve(repository, "test/jupyter/python", script), ...words], options);
	}

	/** Lets Jupyter find tslab and Deno too, each by its own installer. */
	async addRivals(): Promise<void> {
		const program = (name: string) => join(this.home, "rivals", "node_modules", ".bin", name);
		for (const [name, ...words] of [
			["tslab", "install", `--prefix=${this.folder}`],
			["deno", "jupyter", "--install"],
		] as const) {
			const { code, stderr } = await this.start(program(name), words);
			if (code !== 0) throw new Error(`${name}: must install its kernel, got ${stderr}`);
		}
		const paths = [join(this.folder, "share", "jupyter"), join(this.folder, ".local", "share", "jupyter")];
		this.environment["JUPYTER_PATH"] = paths.join(":");
		// tslab looks for Node's types from the notebook's folder; without them it knows no `console`.
		mkdirSync(join(this.folder, "node_modules"), { recursive: true });
		symlinkSync(join(this.home, "rivals", "node_modules", "@types"), join(this.folder, "node_modules", "@types"));
	}

	[Symbol.dispose](): void {
		rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
	}
}

/** One Jupyter for all tests of a file. */
export function jupyterFor(test: TestFn): { readonly jupyter: Jupyter } {
	let started: Jupyter | undefined;
	test.before((t) => {
		t.timeout(600_000);
		started = new Jupyter();
	});
	test.after.always(() => started?.[Symbol.dispose]());
	return {
		get jupyter() {
			if (!started) throw new Error("test: Jupyter is not there");
			return started;
		},
	};
}

/** A notebook of code cells, each a source or a source with tags. */
export function notebookOf(cells: readonly (string | readonly [source: string, ...tags: string[]])[]): Notebook {
	return {
		nbformat: 4,
		nbformat_minor: 5,
		metadata: { kernelspec: { name: "fovea", display_name: "TypeScript (fovea)", language: "typescript" } },
		cells: cells.map((cell, index) => {
			const [source = "", ...tags] = typeof cell === "string" ? [cell] : cell;
			return { id: `cell-${index}`, cell_type: "code", source, metadata: { tags }, outputs: [], execution_count: null };
		}),
	};
}

/** What a cell left, in one text: streams, values, errors. */
export function textOf(outputs: readonly NotebookOutput[] | undefined): string {
	return (outputs ?? [])
		.map((output) => {
			if (output.output_type === "stream") return output.text;
			if (output.output_type === "error") return `${output.ename}: ${output.evalue}`;
			const text = output.data["text/plain"];
			return Array.isArray(text) ? text.join("") : String(text ?? Object.keys(output.data).join());
		})
		.join("\n");
}
