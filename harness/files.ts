import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes a file so that its name never shows half of it: beside, flushed, renamed. Makes the folder. */
export async function writeAtomically(path: string, data: string | Uint8Array): Promise<void> {
	await mkdir(dirname(path), { recursive: true });
	const beside = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.part`;
	try {
		const file = await open(beside, "wx");
		try {
			await file.writeFile(data);
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
