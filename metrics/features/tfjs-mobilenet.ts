import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs";
import type { Extractor } from "./extractor.ts";

export interface TfjsMobilenetOptions {
	/** @default 1 */
	readonly version?: 1 | 2;
	/** Width. @default 1 */
	readonly alpha?: 0.25 | 0.5 | 0.75 | 1;
	/** Where its graph model is; the package's own address when left out, which needs a network. */
	readonly model?: string | tf.io.IOHandler;
	/** What values a given model takes. @default [-1, 1] */
	readonly inputRange?: readonly [number, number];
}

/** What of @tensorflow-models/mobilenet is used; its own types come only with the package. */
interface Package {
	load(options: object): Promise<{ infer(images: tf.Tensor, embedding: boolean): tf.Tensor }>;
}

/**
 * MobileNet as the optional package @tensorflow-models/mobilenet loads it: embeddings (1024 features for version 1 at full
 * width, 1280 for version 2) and 1000 logits. The package fetches its weights; where it cannot, that is said.
 */
export async function tfjsMobilenet(options: TfjsMobilenetOptions = {}): Promise<Extractor> {
	const { version = 1, alpha = 1, model, inputRange } = options;
	const { load } = await loadPackage();
	const network = await load({
		version,
		alpha,
		...(model === undefined ? {} : { modelUrl: model }),
		...(inputRange === undefined ? {} : { inputRange }),
	}).catch((cause: Error) => {
		const reason = (cause.cause as Error | undefined)?.message ?? cause.message;
		throw new Error(
			`tfjs-mobilenet: @tensorflow-models/mobilenet must load its weights, got: ${reason.split("\n")[0]}; mobilenet comes with this package`,
			{ cause },
		);
	});
	const rows = (pixels: Float32Array, count: number, embedding: boolean): tf.Tensor2D =>
		tf.tidy(() => network.infer(tf.tensor4d(pixels, [count, 224, 224, 3]), embedding).reshape([count, -1]));
	const probe = new Float32Array(224 * 224 * 3);
	const widths = [true, false].map((embedding) => {
		const row = rows(probe, 1, embedding);
		row.dispose();
		return row.shape[1];
	});
	return {
		id: "tfjs-mobilenet",
		label: "mobilenet",
		size: [224, 224],
		dimensions: widths[0] as number,
		classes: widths[1] as number,
		protocol: {
			extractor: `@tensorflow-models/mobilenet v${version} ${alpha}`,
			layer: "embedding",
			weights: await weightsHash(network),
		},
		async extract(pixels, count) {
			const [features, logits] = [rows(pixels, count, true), rows(pixels, count, false)];
			const values = await Promise.all([features.data<"float32">(), logits.data<"float32">()]);
			tf.dispose([features, logits]);
			return { features: values[0], logits: values[1] };
		},
		[Symbol.dispose]() {
			graphOf(network)?.dispose();
		},
	};
}

/** Not resolved when this is compiled: the package is optional. */
const packageName: string = "@tensorflow-models/mobilenet";

async function loadPackage(): Promise<Package> {
	try {
		const loaded = (await import(packageName)) as { default?: Package } & Partial<Package>;
		return (loaded.load === undefined ? loaded.default : loaded) as Package;
	} catch (cause) {
		const { code, message } = cause as NodeJS.ErrnoException;
		const got = code === "ERR_MODULE_NOT_FOUND" ? `none; fix: npm install ${packageName}` : message.split("\n")[0];
		throw new Error(`tfjs-mobilenet: needs the package ${packageName}, got ${got}`, { cause });
	}
}

/** The package keeps its graph model as a plain property. */
function graphOf(network: object): tf.GraphModel | undefined {
	return (network as { model?: tf.GraphModel }).model;
}

async function weightsHash(network: object): Promise<string> {
	const hash = createHash("sha256");
	for (const [name, tensors] of Object.entries(graphOf(network)?.weights ?? {})) {
		hash.update(name);
		for (const tensor of tensors) {
			const data = await tensor.data();
			hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
		}
	}
	return `sha256:${hash.digest("hex")}`;
}
