import { createHash } from "node:crypto";
import type { Extractor } from "./extractor.ts";
import { type OnnxFiles, readOnnxFiles } from "./onnx-files.ts";

/** How bytes go into a model: as they are, on 0 … 1, on -1 … 1, or by ImageNet's mean and deviation of each colour. */
export const onnxRanges = ["byte", "unit", "signed", "imagenet"] as const;
export type OnnxRange = (typeof onnxRanges)[number];

export interface OnnxOptions {
	readonly file: string;
	/** @default "imagenet" */
	readonly range?: OnnxRange;
	/** Side of the pictures where the model leaves it open. @default 224 */
	readonly size?: number;
}

/** What of onnxruntime's session is used; its own types come only with the package. */
interface Session {
	readonly inputNames: readonly string[];
	readonly outputNames: readonly string[];
	readonly inputMetadata: readonly { readonly type?: string; readonly shape?: readonly (number | string)[] }[];
	run(feeds: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, OnnxTensor>>>;
	release(): Promise<void>;
}
interface OnnxTensor {
	readonly type: string;
	readonly data: Float32Array;
	readonly dims: readonly number[];
}
interface Runtime {
	readonly InferenceSession: {
		create(
			model: Uint8Array,
			options: { readonly externalData: OnnxFiles["external"]; readonly logSeverityLevel: number },
		): Promise<Session>;
	};
	readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OnnxTensor;
}

/**
 * A user's ONNX model as an extractor, run on the processor by the optional package onnxruntime-node, or onnxruntime-web
 * where that is there. It takes pictures as float32 [N, 3, H, W] or [N, H, W, 3]; its first output is the feature row (maps
 * are averaged over space), one named `logits` the class logits. Weights may lie in files beside it.
 */
export async function onnx({ file, range = "imagenet", size = 224 }: OnnxOptions): Promise<Extractor> {
	const runtime = await loadRuntime();
	const { model, external } = await readOnnxFiles(file);
	// What is fatal is thrown; the rest would be lines of the runtime's own between ours.
	const options = { externalData: external, logSeverityLevel: 4 };
	const session = await runtime.InferenceSession.create(model, options).catch((cause: Error) => {
		throw new Error(`onnx: ${file} must be an ONNX model, got: ${cause.message.split("\n")[0]}`, { cause });
	});
	const { channelsLast, height, width, batch } = inputOf(session, file, size);
	const run = async (pixels: Float32Array, count: number) => {
		const dims = channelsLast ? [count, height, width, 3] : [count, 3, height, width];
		const values = normalised(pixels, range);
		const tensor = new runtime.Tensor("float32", channelsLast ? values : planar(values, count), dims);
		const outputs = await session.run({ [session.inputNames[0] as string]: tensor }).catch((cause: Error) => {
			const got = cause.message.split("\n")[0];
			throw new Error(`onnx: ${file} must run on pictures [${dims}], got: ${got}`, { cause });
		});
		const rows = (name: string | undefined) =>
			name === undefined ? undefined : rowsOf(outputs[name], { name, count, channelsLast, file });
		const logits = rows(session.outputNames.find((name) => name === "logits"));
		return { features: rows(session.outputNames[0]) as Float32Array, ...(logits === undefined ? {} : { logits }) };
	};
	// The sizes of its rows are known once it has run.
	const probe = await run(new Float32Array((batch ?? 1) * height * width * 3), batch ?? 1);
	const [dimensions, classes] = [probe.features, probe.logits].map((rows) => (rows?.length ?? 0) / (batch ?? 1));
	return {
		id: "onnx",
		label: "onnx",
		size: [height, width],
		dimensions: dimensions as number,
		classes: classes as number,
		protocol: {
			extractor: "onnx",
			layer: session.outputNames[0] as string,
			weights: `sha256:${hashOf([model, ...external.map(({ data }) => data)])}`,
			range,
		},
		async extract(pixels, count) {
			if (batch === undefined) return await run(pixels, count);
			// A model of one batch size is run on that many at a time, the last ones filled up with zeros.
			const length = height * width * 3;
			const features = new Float32Array(count * (dimensions as number));
			const logits = new Float32Array(count * (classes as number));
			for (let start = 0; start < count; start += batch) {
				const taken = Math.min(batch, count - start);
				const part = new Float32Array(batch * length);
				part.set(pixels.subarray(start * length, (start + taken) * length));
				const rows = await run(part, batch);
				features.set(rows.features.subarray(0, taken * (dimensions as number)), start * (dimensions as number));
				if (rows.logits !== undefined) {
					logits.set(rows.logits.subarray(0, taken * (classes as number)), start * (classes as number));
				}
			}
			return classes === 0 ? { features } : { features, logits };
		},
		[Symbol.dispose]() {
			void session.release();
		},
	};
}

/** Not resolved when this is compiled: the packages are optional. The second one is slower, and needs no library. */
const packageNames: readonly string[] = ["onnxruntime-node", "onnxruntime-web"];

async function loadRuntime(): Promise<Runtime> {
	const reasons: string[] = [];
	for (const name of packageNames) {
		try {
			const loaded = (await import(name)) as { default?: Runtime } & Partial<Runtime>;
			return (loaded.InferenceSession === undefined ? loaded.default : loaded) as Runtime;
		} catch (error) {
			const { code, message } = error as NodeJS.ErrnoException;
			if (code !== "ERR_MODULE_NOT_FOUND") reasons.push(`${name} that does not load (${message.split("\n")[0]})`);
		}
	}
	const got = reasons.length === 0 ? "none" : reasons.join(", ");
	throw new Error(
		`onnx: needs the package onnxruntime-node or onnxruntime-web, got ${got}; fix: npm install onnxruntime-node`,
	);
}

function inputOf(session: Session, file: string, size: number) {
	const [input] = session.inputMetadata;
	const shape = input?.shape ?? [];
	const channelsLast = shape[3] === 3 && shape[1] !== 3;
	const wrong =
		session.inputMetadata.length !== 1 ||
		shape.length !== 4 ||
		(shape[1] !== 3 && shape[3] !== 3) ||
		input?.type !== "float32";
	if (wrong) {
		const got = `${session.inputMetadata.length} inputs, the first ${input?.type} [${shape}]`;
		throw new RangeError(`onnx: ${file} must take float32 pictures [N,3,H,W] or [N,H,W,3], got ${got}`);
	}
	const fixed = (side: number | string | undefined) => (typeof side === "number" && side > 0 ? side : undefined);
	const [height, width] = channelsLast ? [shape[1], shape[2]] : [shape[2], shape[3]];
	return { channelsLast, height: fixed(height) ?? size, width: fixed(width) ?? size, batch: fixed(shape[0]) };
}

const imagenet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] } as const;

function normalised(pixels: Float32Array, range: OnnxRange): Float32Array {
	switch (range) {
		case "byte":
			return pixels.slice();
		case "unit":
			return pixels.map((value) => value / 255);
		case "signed":
			return pixels.map((value) => value / 127.5 - 1);
		case "imagenet":
			return pixels.map((value, at) => {
				const [mean, deviation] = [imagenet.mean[at % 3] as number, imagenet.deviation[at % 3] as number];
				return (value / 255 - mean) / deviation;
			});
	}
}

/** [count, pixels, 3] as [count, 3, pixels]. */
function planar(values: Float32Array, count: number): Float32Array {
	const area = values.length / count / 3;
	const result = new Float32Array(values.length);
	for (let index = 0, at = 0; index < count; index += 1) {
		for (let place = 0; place < area; place += 1) {
			for (let channel = 0; channel < 3; channel += 1, at += 1) {
				result[(index * 3 + channel) * area + place] = values[at] as number;
			}
		}
	}
	return result;
}

/** An output as rows: [N, d] as it is, maps averaged over space. They lie as the pictures do: [N, C, H, W] or [N, H, W, C]. */
function rowsOf(
	output: OnnxTensor | undefined,
	{ name, count, channelsLast, file }: { name: string; count: number; channelsLast: boolean; file: string },
): Float32Array {
	const [rows, ...sides] = output?.dims ?? [];
	// [N, 1, d] and [N, d, 1, 1] are rows too.
	const plain = sides.filter((side) => side !== 1).length < 2;
	if (output?.type !== "float32" || rows !== count || !(plain || sides.length === 3)) {
		const got = `${name} of ${output?.type} [${output?.dims}]`;
		throw new RangeError(`onnx: ${file} must give float32 rows [${count}, d] or maps, got ${got}`);
	}
	const { data } = output;
	if (plain) return data.slice();
	const [channels = 0, area] = channelsLast
		? [sides[2], (sides[0] as number) * (sides[1] as number)]
		: [sides[0], (sides[1] as number) * (sides[2] as number)];
	const [step, stride] = channelsLast ? [1, channels] : [area, 1];
	return Float32Array.from({ length: count * channels }, (_, at) => {
		const first = Math.floor(at / channels) * channels * area + (at % channels) * step;
		let sum = 0;
		for (let place = 0; place < area; place += 1) sum += data[first + place * stride] as number;
		return sum / area;
	});
}

function hashOf(parts: readonly Uint8Array[]): string {
	const hash = createHash("sha256");
	for (const part of parts) hash.update(part);
	return hash.digest("hex");
}
