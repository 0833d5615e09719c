import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { cacheFolder } from "../cache.ts";

/** What `engine.json` of a finished installation says. */
const manifestSchema = z.object({
	schema: z.literal("fovea-engine/1"),
	/** Version of the TensorFlow libraries. */
	tensorflow: z.string(),
	/** Version of `@tensorflow/tfjs-node` whose addon was compiled. */
	tfjsNode: z.string(),
	device: z.enum(["cpu", "gpu"]),
	/** Where the libraries came from: a wheel's file name or a folder. */
	source: z.string(),
	/** Files the addon needs, relative to the installation, with what tells that they are still those it was built on. */
	libraries: z.array(z.object({ path: z.string(), bytes: z.number(), modified: z.number() })),
});

export type Manifest = z.infer<typeof manifestSchema>;

export interface Installation {
	readonly folder: string;
	readonly manifest: Manifest;
}

/** The folder that holds every installed TensorFlow engine, and the link `current` to the one in use. */
export function enginesFolder(): string {
	return join(cacheFolder(), "engine");
}

/** The file of the addon inside an installation. */
export function addonPath(folder: string): string {
	return join(folder, "tfjs_binding.node");
}

/** The file of the addon that silences stderr while libraries are loaded. */
export function quietPath(folder: string): string {
	return join(folder, "quiet.node");
}

/**
 * The installation in `folder`, whole and unchanged since it was built. Undefined where there is none; throws where there
 * is one that cannot work, saying why.
 */
export function readInstallation(folder: string = join(enginesFolder(), "current")): Installation | undefined {
	let text: string;
	try {
		text = readFileSync(join(folder, "engine.json"), "utf8");
	} catch {
		return undefined;
	}
	const parsed = manifestSchema.safeParse(parseJson(text));
	if (!parsed.success) {
		throw new Error(
			`engine: ${join(folder, "engine.json")} must be a fovea-engine/1 document; run npx fovea engine install`,
		);
	}
	for (const library of parsed.data.libraries) {
		const path = join(folder, library.path);
		const found = statSync(path, { throwIfNoEntry: false });
		if (found === undefined) throw new Error(`engine: ${path} is gone; run npx fovea engine install`);
		if (found.size !== library.bytes || Math.floor(found.mtimeMs) !== library.modified) {
			throw new Error(`engine: ${path} has changed since the engine was built; run npx fovea engine install`);
		}
	}
	return { folder, manifest: parsed.data };
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
