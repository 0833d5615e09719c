import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** Fills a folder beside `out` and gives it its name when all is done; nothing is left of it where `work` throws. */
export async function fillFolder<T>(out: string, work: (folder: string) => Promise<T>): Promise<T> {
	const path = resolve(out);
	if (existsSync(path)) {
		const held = await readdir(path).catch((error: NodeJS.ErrnoException) => {
			throw new Error(
				`${out}: must be a folder that is empty or not there, got ${error.code === "ENOTDIR" ? "a file" : error.code}`,
			);
		});
		if (held.length > 0) throw new RangeError(`${out}: must be empty or not there, got ${held.length} entries`);
	}
	await mkdir(dirname(path), { recursive: true });
	const beside = `${path}.${process.pid}.part`;
	await rm(beside, { recursive: true, force: true });
	await mkdir(beside);
	try {
		const result = await work(beside);
		if (existsSync(path)) await rm(path, { recursive: true });
		await rename(beside, path);
		return result;
	} catch (error) {
		await rm(beside, { recursive: true, force: true });
		throw error;
	}
}
