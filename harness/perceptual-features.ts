/** The network that gives perceptual losses their features: VGG19, from published weights in the cache. */
import * as tf from "@tensorflow/tfjs";
import type { FeatureFunction } from "../models/losses/perceptual.ts";
import { hasWeights } from "./weights/catalogue.ts";

export interface PerceptualFeatures extends Disposable {
	readonly features: FeatureFunction;
	/** Of the weights' file. */
	readonly sha256: string;
}

/** Why a training without them is not the paper's. */
export const withoutPerceptual =
	"the perceptual term is off, and the pixel term has its weight: VGG19's weights are not in the cache; fovea weights get vgg19";

const imagenet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** conv5_4 before its rectifier, of pictures in [0, 1], as ESRGAN and FASRGAN have it; undefined without the weights. */
export async function vggFeatures(): Promise<PerceptualFeatures | undefined> {
	if (!hasWeights("vgg19")) return undefined;
	const { Trunk } = await import("../metrics/features/trunks.ts");
	const { readTorchWeights } = await import("./torch-weights.ts");
	const { weight, sha256 } = await readTorchWeights("vgg19", "perceptual loss");
	const trunk = new Trunk("vgg19", weight);
	return {
		features: (images) =>
			tf.tidy(() => {
				const normalised = tf.div<tf.Tensor4D>(tf.sub(images, imagenet.mean), imagenet.deviation);
				return trunk.outputs(normalised, [34])[0] as tf.Tensor4D;
			}),
		sha256,
		[Symbol.dispose]: () => trunk[Symbol.dispose](),
	};
}
