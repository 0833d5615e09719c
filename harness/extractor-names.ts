/** Extractors by the names that scripts use: `mobilenet`, `inception:FILE`, `onnx:FILE`. */
import type { Extractor } from "../metrics/features/extractor.ts";

/** Makes an extractor from its name; the caller disposes it. */
export async function extractorNamed(name: string): Promise<Extractor> {
	const [kind = ""] = name.split(":", 1);
	if (name === "mobilenet") return await (await import("../metrics/features/mobilenet.ts")).mobilenet();
	throw new RangeError(`--features: must be mobilenet, inception:FILE or onnx:FILE, got ${kind === "" ? name : kind}`);
}

/** The resizer that goes with an extractor when nothing else was asked for. */
export function usualResize(name: string): string {
	return name.startsWith("inception") ? "tensorflow1-bilinear" : "antialiased-bilinear";
}
