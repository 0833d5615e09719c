import * as tf from "@tensorflow/tfjs";

/** One spatial axis of a convolution: output[i] = Σ_a input[i·stride + a·dilation − pad] · filter[a]. */
export interface Axis {
	readonly input: number;
	readonly output: number;
	readonly kernel: number;
	readonly stride: number;
	readonly dilation: number;
	/** Zeros before the first row; those after the last follow from the sizes. */
	readonly pad: number;
}

/** Sizes of a two-dimensional NHWC convolution. */
export interface Geometry {
	readonly batch: number;
	readonly inChannels: number;
	readonly outChannels: number;
	readonly rows: Axis;
	readonly columns: Axis;
	/** Zeros before and after the rows, and the columns. */
	readonly pads: readonly [[number, number], [number, number]];
	readonly inputShape: readonly [number, number, number, number];
	readonly outputShape: readonly [number, number, number, number];
}

/** Reads the attributes that tfjs gives to the convolution gradients. Throws unless the layout is NHWC. */
export function convGeometry(
	where: string,
	inputShape: readonly number[],
	filterShape: readonly number[],
	attrs: tf.NamedAttrMap,
	depthwise = false,
): Geometry {
	const { strides, pad, dimRoundingMode, dilations } = attrs as unknown as ConvAttributes;
	const dataFormat = attrs["dataFormat"];
	if (dataFormat !== undefined && dataFormat !== null && dataFormat !== "NHWC") {
		throw new Error(`${where}: dataFormat must be NHWC on the WASM engine, got ${String(dataFormat)}`);
	}
	const info = tf.backend_util.computeConv2DInfo(
		inputShape as [number, number, number, number],
		filterShape as [number, number, number, number],
		strides,
		dilations ?? 1,
		explicitPad(pad),
		dimRoundingMode,
		depthwise,
	);
	return {
		batch: info.batchSize,
		inChannels: info.inChannels,
		outChannels: info.outChannels,
		inputShape: info.inShape,
		outputShape: info.outShape,
		pads: [
			[info.padInfo.top, info.padInfo.bottom],
			[info.padInfo.left, info.padInfo.right],
		],
		rows: {
			input: info.inHeight,
			output: info.outHeight,
			kernel: info.filterHeight,
			stride: info.strideHeight,
			dilation: info.dilationHeight,
			pad: info.padInfo.top,
		},
		columns: {
			input: info.inWidth,
			output: info.outWidth,
			kernel: info.filterWidth,
			stride: info.strideWidth,
			dilation: info.dilationWidth,
			pad: info.padInfo.left,
		},
	};
}

/** Throws unless the gradient that arrives has the shape of the convolution's output. */
export function requireShape(where: string, { outputShape }: Geometry, dy: tf.TensorInfo): void {
	if (String(dy.shape) !== String(outputShape)) {
		throw new RangeError(`${where}: dy must have shape [${outputShape}], got [${dy.shape}]`);
	}
}

/** Calls `each` with the numbers of every input pixel, output pixel and tap that meet in a convolution. */
export function meetings(
	{ batch, rows, columns }: Pick<Geometry, "batch" | "rows" | "columns">,
	each: (input: number, output: number, tap: number) => void,
): void {
	for (let image = 0; image < batch; image += 1) {
		for (let i = 0; i < rows.output; i += 1) {
			for (let a = 0; a < rows.kernel; a += 1) {
				const u = i * rows.stride + a * rows.dilation - rows.pad;
				if (u < 0 || u >= rows.input) continue;
				const [input, output] = [(image * rows.input + u) * columns.input, (image * rows.output + i) * columns.output];
				for (let j = 0; j < columns.output; j += 1) {
					for (let b = 0; b < columns.kernel; b += 1) {
						const v = j * columns.stride + b * columns.dilation - columns.pad;
						if (v >= 0 && v < columns.input) each(input + v, output + j, a * columns.kernel + b);
					}
				}
			}
		}
	}
}

/** One number for all sides written out: tfjs sizes an axis by the other one's filter and stride where it is a number. */
export function explicitPad(pad: Pad): Exclude<Pad, number> {
	return typeof pad === "number"
		? [
				[0, 0],
				[pad, pad],
				[pad, pad],
				[0, 0],
			]
		: pad;
}

/** The paddings that tfjs knows. */
export type Pad = "same" | "valid" | number | [[number, number], [number, number], [number, number], [number, number]];

interface ConvAttributes {
	readonly strides: number | [number, number];
	readonly pad: Pad;
	readonly dimRoundingMode?: "floor" | "round" | "ceil";
	readonly dilations?: number | [number, number] | null;
}
