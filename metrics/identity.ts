import type { Extractor, Resizer } from "./features/extractor.ts";
import type { PairedMetric, Picture } from "./metric.ts";

/**
 * Identity preservation: the cosine between a face model's rows of both pictures, 1 for the same direction. The model is the
 * user's (`features/onnx.ts`); pictures should hold one aligned face, as it was trained on.
 */
export function identity({
	extractor,
	resizer,
	range,
}: {
	readonly extractor: Extractor;
	readonly resizer: Resizer;
	/** Largest possible value; needed for pictures of floats. @default 255 for bytes */
	readonly range?: number | undefined;
}): PairedMetric {
	const [height, width] = extractor.size;
	const row = async (picture: Picture): Promise<Float32Array> => {
		if (range === undefined && !(picture.data instanceof Uint8Array)) {
			throw new TypeError("identity: pictures of floats must come with a range, got none");
		}
		const resized = resizer.resize(picture, height, width);
		const bytes = (range ?? 255) === 255 ? resized : resized.map((value) => (255 * value) / (range as number));
		return (await extractor.extract(bytes, 1)).features;
	};
	return {
		kind: "paired",
		id: "identity",
		better: "higher",
		unit: "",
		protocol: { ...extractor.protocol, resize: `${resizer.id} to ${height}×${width}` },
		async value(reference, image) {
			const [a, b] = [await row(reference), await row(image)];
			let [product, squareA, squareB] = [0, 0, 0];
			for (let at = 0; at < a.length; at += 1) {
				const [x, y] = [a[at] as number, b[at] as number];
				product += x * y;
				squareA += x * x;
				squareB += y * y;
			}
			if (squareA === 0 || squareB === 0) throw new RangeError("identity: rows must not be zero, got one that is");
			return product / Math.sqrt(squareA * squareB);
		},
		[Symbol.dispose]: () => extractor[Symbol.dispose](),
	};
}
