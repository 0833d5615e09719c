/** The network that gives perceptual losses their features: VGG19, from published weights in the cache. */
import * as tf from "@tensorflow/tfjs";
import type { Trunk } from "../metrics/features/trunks.ts";
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

/** conv5_4 of VGG19 before its rectifier, of pictures in [0, 1], as ESRGAN and FASRGAN have it. */
export function featuresOf(vgg19: Trunk): FeatureFunction {
	return (images) =>
		tf.tidy(() => {
			const normalised = tf.div<tf.Tensor4D>(tf.sub(images, imagenet.mean), imagenet.deviation);
			return vgg19.outputs(normalised, [34])[0] as tf.Tensor4D;
		});
}

/** The features by published weights; undefined where they are not in the cache. */
export async function vggFeatures(): Promise<PerceptualFeatures | undefined> {
	if (!hasWeights("vgg19")) return undefined;
	const { Trunk } = await import("../metrics/features/trunks.ts");
	const { readTorchWeights } = await import("./torch-weights.ts");
	const { weight, sha256 } = await readTorchWeights("vgg19", "perceptual loss");
	const trunk = new Trunk("vgg19", weight);
	return { features: featuresOf(trunk), sha256, [Symbol.dispose]: () => trunk[Symbol.dispose]() };
}
