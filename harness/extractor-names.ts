/** Extractors by the names that scripts use: `mobilenet`, `inception:FILE`, `onnx:FILE`. */
import type { Extractor } from "../metrics/features/extractor.ts";
import type { InceptionLayer } from "../metrics/features/inception.ts";

/**
 * Makes an extractor from its name; the caller disposes it. `inception:FILE#768` takes another layer than 2048,
 * `onnx:FILE#unit` gives the model other values than ImageNet's (byte, unit, signed). `normalise` is a preset's way of putting
 * pictures into Inception.
 */
export async function extractorNamed(
	name: string,
	{ normalise = "tensorflow" }: { readonly normalise?: "tensorflow" | "pytorch-fid" | undefined } = {},
	option = "--features",
): Promise<Extractor> {
	if (name === "mobilenet") return await (await import("../metrics/features/mobilenet.ts")).mobilenet();
	if (name === "tfjs-mobilenet") return await (await import("../metrics/features/tfjs-mobilenet.ts")).tfjsMobilenet();
	const [, kind, file, part] = /^(inception|onnx):([^#]+)(?:#(.+))?$/.exec(name) ?? [];
	if (kind === "inception" && file !== undefined) {
		return await inceptionOf(file, (part ?? "2048") as InceptionLayer, normalise);
	}
	if (kind === "onnx" && file !== undefined) return await onnxOf(file, part, option);
	throw new RangeError(`${option}: must be mobilenet, inception:FILE, onnx:FILE or tfjs-mobilenet, got ${name}`);
}

async function onnxOf(file: string, part: string | undefined, option: string): Promise<Extractor> {
	const { onnx, onnxRanges } = await import("../metrics/features/onnx.ts");
	const range = onnxRanges.find((one) => one === (part ?? "imagenet"));
	if (range === undefined) {
		throw new RangeError(`${option}: what stands behind # must be one of ${onnxRanges.join(", ")}, got ${part}`);
	}
	return await onnx({ file, range });
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
	try {
		return inception({ weights, sha256, layer, normalise });
	} catch (cause) {
		// A network knows the weights, not the file.
		throw new RangeError(`--features: ${file}: ${(cause as Error).message}`, { cause });
	}
}
