import type * as tf from "@tensorflow/tfjs";
import { convGeometry, meetings, requireShape } from "./conv-geometry.ts";
import { type KernelCall, Scope } from "./scope.ts";

/**
 * DepthwiseConv2dNativeBackpropInput: dy [batch, h', w', in·multiplier], filter [kh, kw, in, multiplier] →
 * dx [batch, h, w, in]. Every product is made once, in place: a depthwise convolution has too few of them for more.
 */
export function depthwiseInputGradient({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
	const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
	const where = "depthwise input gradient";
	const geometry = convGeometry(where, attrs["inputShape"] as number[], filter.shape, attrs, true);
	requireShape(where, geometry, dy);
	const multiplier = filter.shape[3] as number;
	using scope = new Scope(backend);
	const dx = scope.empty(geometry.inputShape);
	const [source, weights, target] = [scope.view(dy), scope.view(filter), scope.view(dx)];
	target.fill(0);
	meetings(geometry, (inputPixel, outputPixel, tapNumber) => {
		const input = inputPixel * geometry.inChannels;
		const [output, tap] = [outputPixel * geometry.outChannels, tapNumber * geometry.outChannels];
		for (let channel = 0; channel < geometry.inChannels; channel += 1) {
			let sum = target[input + channel] as number;
			for (let part = channel * multiplier; part < (channel + 1) * multiplier; part += 1) {
				sum += (source[output + part] as number) * (weights[tap + part] as number);
			}
			target[input + channel] = sum;
		}
	});
	return scope.keep(dx);
}

/** DepthwiseConv2dNativeBackpropFilter: x [batch, h, w, in], dy [batch, h', w', in·multiplier] → [kh, kw, in, multiplier]. */
export function depthwiseFilterGradient({ inputs, attrs, backend }: KernelCall): tf.TensorInfo {
	const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
	const filterShape = attrs["filterShape"] as number[];
	const where = "depthwise filter gradient";
	const geometry = convGeometry(where, x.shape, filterShape, attrs, true);
	requireShape(where, geometry, dy);
	const multiplier = filterShape[3] as number;
	using scope = new Scope(backend);
	const dw = scope.empty(filterShape);
	const [images, source, target] = [scope.view(x), scope.view(dy), scope.view(dw)];
	// Sums over every pixel of the batch: kept in float64 until the end.
	const sums = new Float64Array(target.length);
	meetings(geometry, (inputPixel, outputPixel, tapNumber) => {
		const input = inputPixel * geometry.inChannels;
		const [output, tap] = [outputPixel * geometry.outChannels, tapNumber * geometry.outChannels];
		for (let channel = 0; channel < geometry.inChannels; channel += 1) {
			const value = images[input + channel] as number;
			for (let part = channel * multiplier; part < (channel + 1) * multiplier; part += 1) {
				sums[tap + part] = (sums[tap + part] as number) + value * (source[output + part] as number);
			}
		}
	});
	target.set(sums);
	return scope.keep(dw);
}
