/** Extractors by the names that scripts use: `mobilenet`, `inception:FILE`, `onnx:FILE`. */
import type { Extractor } from "../metrics/features/extractor.ts";
import type { InceptionLayer } from "../metrics/features/inception.ts";

/**
 * Makes an extractor from its name; the caller disposes it. `inception:FILE#768` takes another layer than 2048. `normalise`
 * is a preset's way of putting pictures into Inception.
 */
export async function extractorNamed(
	name: string,
	{ normalise = "tensorflow" }: { readonly normalise?: "tensorflow" | "pytorch-fid" | undefined } = {},
): Promise<Extractor> {
	if (name === "mobilenet") return await (await import("../metrics/features/mobilenet.ts")).mobilenet();
	const [, kind, file, layer = "2048"] = /^(inception|onnx):([^#]+)(?:#(.+))?$/.exec(name) ?? [];
	if (kind === "inception" && file !== undefined) return await inceptionOf(file, layer as InceptionLayer, normalise);
	throw new RangeError(`--features: must be mobilenet, inception:FILE or onnx:FILE, got ${name}`);
}

/** The resizer that goes with an extractor when nothing else was asked for. */
export function usualResize(name: string): string {
	return name.startsWith("inception") ? "tensorflow1-bilinear" : "antialiased-bilinear";
}

async function inceptionOf(
	file: string,
	layer: InceptionLayer,
	normalise: "tensorflow" | "pytorch-fid",
): Promise<Extractor> {
	const { inception } = await import("../metrics/features/inception.ts");
	const { readTorchWeights } = await import("./torch-weights.ts");
	const { weight: weights, sha256 } = await readTorchWeights(file, "--features");
	return inception({ weights, sha256, layer, normalise });
}
