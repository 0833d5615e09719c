import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cacheFolder } from "../engine/cache.ts";

/** A Python program beside which we are measured: answers each JSON line with one. */
export interface Rival extends Disposable {
	ask<Answer>(request: object): Promise<Answer>;
}

const folder = join("bench", "rivals");

/** Starts `bench/rivals/<script>` in the rivals' own Python. Run from the repository's root. */
export function startRival(script: string): Rival {
	const child = spawn(rivalPython(), ["-W", "ignore", join(folder, script)], {
		stdio: ["pipe", "pipe", "inherit"],
		env: rivalEnvironment(),
	});
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	return {
		async ask<Answer>(request: object) {
			child.stdin.write(`${JSON.stringify(request)}\n`);
			const { value, done } = await lines.next();
			if (done) throw new Error(`${script}: must answer each request, got the end of its output`);
			return JSON.parse(value) as Answer;
		},
		[Symbol.dispose]() {
			child.stdin.end();
			child.kill();
		},
	};
}

/** Without what would hold OpenBLAS to the kernels of another processor: the rival is to run as fast as it can. */
function rivalEnvironment(): NodeJS.ProcessEnv {
	const { OPENBLAS_CORETYPE: _coretype, OPENBLAS_L2_SIZE: _size, ...environment } = process.env;
	return environment;
}

/**
 * Python with the rivals' packages: `FOVEA_BENCH_PYTHON`, else a virtual environment made once from
 * bench/rivals/requirements.txt in the cache folder.
 */
function rivalPython(): string {
	const own = process.env["FOVEA_BENCH_PYTHON"];
	if (own) return own;
	const requirements = join(folder, "requirements.txt");
	const key = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
	const home = join(cacheFolder(), "rivals", key);
	const python = join(home, "bin", "python");
	if (existsSync(join(home, "complete"))) return python;
	// Virtual environments hold their own path, so they are made in place and marked when whole.
	rmSync(home, { recursive: true, force: true });
	mkdirSync(home, { recursive: true });
	process.stderr.write(`Installing ${requirements} into ${home}\n`);
	const run = (command: string, ...words: string[]) => execFileSync(command, words, { stdio: ["ignore", 2, 2] });
	run("python3", "-m", "venv", home);
	run(python, "-m", "pip", "install", "--quiet", "--requirement", requirements);
	const mark = join(home, "complete");
	mkdirSync(`${mark}.new`);
	renameSync(`${mark}.new`, mark);
	return python;
}
