import { fileURLToPath } from "node:url";

/**
 * The path of a file that comes with the package, wherever the notebook lies that asks for it: `shipped("fixtures/pictures/chelsea.png")`.
 * @param path From the package's own folder.
 */
export function shipped(path: string): string {
	return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
