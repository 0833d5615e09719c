import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes a file so that its name never shows half of it: beside, flushed, renamed. Makes the folder. Errors name the file. */
export async function writeAtomically(path: string, data: string | Uint8Array): Promise<void> {
	const beside = besideOf(path);
	try {
		await mkdir(dirname(path), { recursive: true });
		const file = await open(beside, "wx");
		try {
			await file.writeFile(data);
			await file.sync();
		} finally {
			await file.close();
		}
		await rename(beside, path);
	} catch (error) {
		await rm(beside, { force: true }).catch(() => undefined);
		throw new Error(`${path}: must be a file that can be written, got ${foundInstead(error)}`, { cause: error });
	}
}

/** Throws where `writeAtomically` would: before long work whose result goes there. Makes the folder. */
export async function requireWritable(path: string): Promise<void> {
	const beside = besideOf(path);
	try {
		await mkdir(dirname(path), { recursive: true });
		const file = await open(beside, "wx");
		await file.close();
		const known = await stat(path).catch(() => undefined);
		if (known?.isDirectory() === true) throw Object.assign(new Error(path), { code: "EISDIR" });
	} catch (error) {
		throw new Error(`${path}: must be a file that can be written, got ${foundInstead(error)}`, { cause: error });
	} finally {
		await rm(beside, { force: true }).catch(() => undefined);
	}
}

function besideOf(path: string): string {
	return `${path}.${process.pid}.${randomBytes(4).toString("hex")}.part`;
}

/** What a failed reading or writing met in place of a file, in words for "must be …, got …". */
export function foundInstead(error: unknown): string {
	const { code, message } = error as NodeJS.ErrnoException;
	return (code === undefined ? undefined : words[code]) ?? code ?? message;
}

const words: Readonly<Record<string, string>> = {
	ENOENT: "nothing of that name",
	EISDIR: "a folder",
	ENOTDIR: "a file where a folder must be",
	EEXIST: "a file where a folder must be",
	EACCES: "no permission",
	EPERM: "no permission",
	EROFS: "a disk that is read-only",
	ENOSPC: "a full disk",
	ELOOP: "links that lead in a circle",
	ENAMETOOLONG: "too long a name",
};
