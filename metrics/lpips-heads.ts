import { readFileSync } from "node:fs";
import type { LpipsVersion } from "./lpips.ts";

/** Networks that LPIPS was fitted on. */
export const lpipsNets = ["alex", "vgg", "squeeze"] as const;
export type LpipsNet = (typeof lpipsNets)[number];

/**
 * The published linear heads (fixtures/lpips, BSD-2-Clause, Richard Zhang et al.): one weight a channel for each slice of the
 * trunk, none negative.
 */
export function lpipsHeads(net: LpipsNet, version: LpipsVersion): readonly Float32Array[] {
	const folder = new URL("../../fixtures/lpips/", import.meta.url);
	const { heads } = JSON.parse(readFileSync(new URL("heads.json", folder), "utf8")) as Manifest;
	// Copied, so that its start is aligned for float32.
	const values = new Float32Array(Uint8Array.from(readFileSync(new URL("heads.bin", folder))).buffer);
	let start = 0;
	for (const entry of heads) {
		const wanted = entry.net === net && entry.version === version;
		const layers: Float32Array[] = [];
		for (const channels of entry.channels) {
			if (wanted) layers.push(values.slice(start, start + channels));
			start += channels;
		}
		if (wanted) return layers;
	}
	throw new RangeError(`lpips: version must be v0.0 or v0.1 and the net one of ${lpipsNets}, got ${version}, ${net}`);
}

interface Manifest {
	readonly heads: readonly { readonly version: string; readonly net: string; readonly channels: readonly number[] }[];
}
