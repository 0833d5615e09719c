import { startEngine } from "../engine/engine.ts";

export interface Check {
	readonly name: string;
	readonly ok: boolean;
	/** What was found. */
	readonly detail: string;
	/** How to get it; empty where there is nothing to do. */
	readonly fix: string;
}

/** Looks at everything the package can use on this machine; nothing is changed. */
export async function examine(): Promise<readonly Check[]> {
	const { name, version, why } = await startEngine();
	return [{ name: "engine", ok: true, detail: `${name} ${version}: ${why.join("; ")}`, fix: "" }];
}
