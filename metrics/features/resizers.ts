import type { Picture } from "../metric.ts";
import { antialiasedBilinear } from "../resize/antialiased-bilinear.ts";
import { pillowResize } from "../resize/pillow.ts";
import { tensorflowResize } from "../resize/tensorflow.ts";
import { torchResize } from "../resize/torch.ts";
import type { Resizer } from "./extractor.ts";

type Resize = (picture: Picture, height: number, width: number) => Picture | { readonly data: ArrayLike<number> };

/** How the evaluation libraries bring pictures to an extractor's size; values stay on 0 … 255. */
export const resizers: Readonly<Record<string, Resizer>> = {
	"antialiased-bilinear": antialiasedBilinear(),
	/** torch-fidelity, and the TensorFlow 1 code of the original FID: no half-pixel centre, no antialiasing. */
	"tensorflow1-bilinear": rgb("bilinear, TensorFlow 1", tensorflowResize),
	/** pytorch-fid: inside the network, no antialiasing. */
	"torch-bilinear": rgb("bilinear, torch", torchResize),
	/** torchmetrics. */
	"torch-bilinear-antialiased": rgb("bilinear, torch, antialiased", (picture, height, width) =>
		torchResize(picture, height, width, { antialias: true }),
	),
	/** clean-fid: each channel as floats, clipped, not rounded to bytes again. */
	"pillow-bicubic-float": rgb("bicubic, Pillow, float", (picture, height, width) =>
		pillowResize({ ...picture, data: Float32Array.from(picture.data) }, height, width, { clip: true }),
	),
	/** The script of U-GAT-IT and AttentionGAN (SciPy's imresize). */
	"pillow-bilinear": rgb("bilinear, Pillow, bytes", (picture, height, width) =>
		pillowResize(picture, height, width, { filter: "bilinear" }),
	),
};

function rgb(id: string, resize: Resize): Resizer {
	return {
		id,
		resize(picture, height, width) {
			const { data } = resize(picture, height, width);
			if (picture.channels === 3) return Float32Array.from(data);
			if (picture.channels !== 1) {
				throw new RangeError(`resize: pictures must have 1 or 3 channels, got ${picture.channels}`);
			}
			return Float32Array.from({ length: data.length * 3 }, (_, at) => data[Math.floor(at / 3)] as number);
		},
	};
}
