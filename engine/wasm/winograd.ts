import type * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { Geometry } from "./conv-geometry.ts";
import { gemm } from "./gemm.ts";
import { runNative } from "./native.ts";
import { Scope } from "./scope.ts";

/**
 * Whether Winograd's form of a convolution is the faster one: 3 × 3 filters of stride 1, and channels enough that sixteen
 * matrix products outweigh the sums around them.
 */
export function fitsWinograd({ batch, rows, columns, inChannels, outChannels }: Geometry): boolean {
	const plain = [rows, columns].every(({ kernel, stride, dilation }) => kernel === 3 && stride === 1 && dilation === 1);
	const tiles = batch * Math.ceil(rows.output / 2) * Math.ceil(columns.output / 2);
	return plain && [inChannels, outChannels].every((count) => count >= 32 && count % 4 === 0) && tiles >= 32;
}

/** x [batch, h, w, in], filter [3, 3, in, out] → [batch, h', w', out] by F(2 × 2, 3 × 3): 16 products where there were 36. */
export function winograd(
	backend: BackendWasm,
	x: tf.TensorInfo,
	filter: tf.TensorInfo,
	{ batch, rows, columns, inChannels, outChannels, pads, outputShape }: Geometry,
): tf.TensorInfo {
	using scope = new Scope(backend);
	const [down, across] = [Math.ceil(rows.output / 2), Math.ceil(columns.output / 2)];
	const tiles = batch * down * across;
	const input = scope.empty([16, tiles, inChannels]);
	const turned = scope.empty([16, inChannels, outChannels]);
	const product = scope.empty([16, tiles, outChannels]);
	const result = scope.empty(outputShape);
	const [top, left] = [pads[0][0], pads[1][0]];
	runNative(backend, "winogradInput", [
		...[x, input, batch, rows.input, columns.input, inChannels],
		...[top, left, down, across],
	]);
	runNative(backend, "winogradFilter", [filter, turned, inChannels * outChannels]);
	for (let position = 0; position < 16; position += 1) {
		const of = (whole: tf.TensorInfo, height: number, width: number) =>
			scope.window(whole, [height, width], position * height * width);
		gemm(backend, of(input, tiles, inChannels), of(turned, inChannels, outChannels), of(product, tiles, outChannels));
	}
	runNative(backend, "winogradOutput", [
		...[product, result, batch, rows.output, columns.output, outChannels],
		...[down, across],
	]);
	return scope.keep(result);
}
