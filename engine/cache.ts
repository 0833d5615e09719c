import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * The folder for what is large and can be had again (engine libraries, weights): `FOVEA_CACHE`, else `fovea` under
 * `XDG_CACHE_HOME`, else `~/.cache/fovea`. Absolute; it need not exist yet.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
	const { FOVEA_CACHE: own, XDG_CACHE_HOME: shared } = environment;
	if (own) return resolve(own);
	return join(shared ? resolve(shared) : join(homedir(), ".cache"), "fovea");
}
