import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

let written = 0;

/** Writes a file so that its name never holds half of it: beside it, flushed, then renamed. Makes no folder. */
export async function writeAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
	written += 1;
	const beside = join(dirname(path), `.${basename(path)}.${process.pid}-${written}.part`);
	try {
		const file = await open(beside, "wx");
		try {
			await file.writeFile(bytes);
			await file.sync();
		} finally {
			await file.close();
		}
		await rename(beside, path);
	} catch (error) {
		await rm(beside, { force: true });
		throw error;
	}
}
