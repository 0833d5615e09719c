import type * as tf from "@tensorflow/tfjs";
import { resizeBilinear } from "../../../engine/ops/resize-bilinear.ts";
import { testOp } from "../../helpers/ops.ts";

testOp("resizeBilinear", ({ x }, { size, alignCorners }: { size: [number, number]; alignCorners: boolean }) =>
	resizeBilinear(x as tf.Tensor4D, size, { alignCorners }),
);
