/**
 * Speed of convolution and its gradients on the WASM engine, in GFLOP/s, by our kernels and by those the backend comes
 * with. The engine uses one thread, so processor time is counted: it does not depend on what else runs.
 *
 *     node build/bench/wasm-kernels.js
 */
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs";
import { startEngine } from "../engine/engine.ts";
import { Random } from "../engine/random.ts";

/** Batch, side, channels in, channels out, filter, stride. */
const shapes = [
	[4, 64, 64, 64, 3, 1],
	[4, 16, 128, 128, 3, 1],
	[4, 64, 8, 32, 7, 1],
	[4, 64, 32, 64, 4, 2],
	[4, 64, 3, 64, 4, 2],
	[2, 32, 256, 256, 3, 1],
	[2, 128, 64, 3, 7, 1],
	[4, 64, 32, 3, 7, 1],
	[4, 8, 256, 512, 4, 2],
	[4, 4, 512, 1024, 4, 2],
	[4, 64, 64, 64, 1, 1],
] as const;

const names = { Conv2D: "forward", Conv2DBackpropInput: "input gradient", Conv2DBackpropFilter: "filter gradient" };

type KernelName = keyof typeof names;

const theirs = new Map(Object.keys(names).map((name) => [name, tf.getKernel(name, "wasm")]));
await startEngine({ engine: "wasm" });
const ours = new Map(Object.keys(names).map((name) => [name, tf.getKernel(name, "wasm")]));
for (const kernel of theirs.values()) kernel?.setupFunc?.(tf.backend());

const head = ["batch,side,in,out,filter,stride", ...Object.values(names).flatMap((name) => [name, "(tfjs)"])];
console.log(head.map((cell, index) => (index === 0 ? cell.padEnd(32) : cell.padStart(16))).join(""));
for (const [batch, side, input, output, kernel, stride] of shapes) {
	const pad = stride === 1 ? "same" : 1;
	const x = normals("x", [batch, side, side, input]);
	const filter = normals("filter", [kernel, kernel, input, output]);
	const dy = tf.tidy(() => normals("dy", tf.conv2d(x, filter, stride, pad).shape));
	const operations = 2 * dy.size * kernel * kernel * input;
	const attrs = { strides: [stride, stride], dilations: [1, 1], pad, dataFormat: "NHWC" };
	const cells = (Object.keys(names) as KernelName[]).flatMap((name) =>
		[ours, theirs].map((from) => {
			const kernelFunc = from.get(name)?.kernelFunc;
			if (kernelFunc === undefined) return "missing";
			const milliseconds = fastest(() => {
				// A new filter each time, as in training: packing it is part of the work.
				const fresh = tf.add(filter, 0);
				const inputs = {
					Conv2D: { x, filter: fresh },
					Conv2DBackpropInput: { dy, filter: fresh },
					Conv2DBackpropFilter: { x, dy },
				};
				const all = { ...attrs, inputShape: x.shape, filterShape: filter.shape };
				const result = kernelFunc({ inputs: inputs[name], attrs: all, backend: tf.backend() }) as tf.TensorInfo;
				tf.backend().disposeData(result.dataId);
				fresh.dispose();
			});
			return (operations / milliseconds / 1e6).toFixed(1);
		}),
	);
	console.log(
		[batch, side, input, output, kernel, stride].join(",").padEnd(32) + cells.map((cell) => cell.padStart(16)).join(""),
	);
	tf.dispose([x, filter, dy]);
}

function normals<R extends tf.Rank = tf.Rank.R4>(label: string, shape: tf.ShapeMap[R]): tf.Tensor<R> {
	const size = (shape as number[]).reduce((product, length) => product * length, 1);
	return tf.tensor<R>(Random.seed(1).split(label).normals(size), shape, "float32");
}

/** Processor time of the second fastest of some runs, in milliseconds: the clock's grain makes the fastest too fast at times. */
function fastest(body: () => void): number {
	const times: number[] = [];
	const until = performance.now() + 2000;
	while (times.length < 3 || (times.length < 12 && performance.now() < until)) {
		const before = process.cpuUsage();
		body();
		const { user, system } = process.cpuUsage(before);
		times.push((user + system) / 1000);
	}
	return times.sort((a, b) => a - b)[1] as number;
}
