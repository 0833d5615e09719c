import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { depthToSpace, pixelShuffle } from "../../../engine/ops/pixel-shuffle.ts";
import { onEngines } from "../../helpers/engines.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("pixelShuffle", ({ x }, { factor }: { factor: number }) => pixelShuffle(x as tf.Tensor4D, factor));

test.serial("depthToSpace reads channel (2i + j)·C + c, pixelShuffle 4c + 2i + j", (t) =>
	onEngines(() =>
		tf.tidy(() => {
			const x = tf.range(0, 8).reshape<tf.Tensor4D>([1, 1, 1, 8]);
			t.deepEqual(depthToSpace(x, 2).arraySync(), [
				[
					[
						[0, 1],
						[2, 3],
					],
					[
						[4, 5],
						[6, 7],
					],
				],
			]);
			t.deepEqual(pixelShuffle(x, 2).arraySync(), [
				[
					[
						[0, 4],
						[1, 5],
					],
					[
						[2, 6],
						[3, 7],
					],
				],
			]);
		}),
	),
);
