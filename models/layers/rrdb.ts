/**
 * Residual-in-residual dense blocks and the networks made of them (Wang et al., "ESRGAN", ECCVW 2018). Parameters carry the
 * names of BasicSR's code of 2019, from which FASRGAN's comes.
 *
 *     dense block: five conv3, each fed with the input and all earlier results (growth channels each);  y = x + 0.2·last
 *     RRDB:        three dense blocks;                                                                y = x + 0.2·last
 */
import * as tf from "@tensorflow/tfjs";
import { leakyRelu } from "../../engine/ops/leaky-relu.ts";
import { upsampleNearest } from "../../engine/ops/upsample-nearest.ts";
import { constantInit, kaimingInit, type Parameters } from "../../engine/parameters.ts";
import { convolution } from "./convolution.ts";
import { type Block, type Layer, through } from "./layer.ts";

export interface RrdbOptions {
	/** Channels between blocks. @default 64 */
	readonly width?: number;
	/** Channels that each convolution of a dense block adds. @default 32 */
	readonly growth?: number;
	/** Number of blocks. @default 23 */
	readonly blocks?: number;
	/** Channels of the input. @default 3 */
	readonly channels?: number;
	/** Factor on Kaiming's initial weights. @default 0.1 */
	readonly initScale?: number;
}

export interface RrdbNetOptions extends RrdbOptions {
	/** How many times larger the result is: a power of two, or 3. @default 4 */
	readonly scale?: number;
}

const slope = 0.2;
const residualShare = 0.2;

type Convolve = (input: number, output: number) => Block;

/**
 * RRDBNet: [N, H, W, channels] → [N, H·scale, W·scale, 3]. Pictures lie in [0, 1]; the result is not clamped. Names:
 * `model.0` first convolution, `model.1.sub.<i>.RDB1.conv1.0` blocks, `model.3` and on the convolutions behind them.
 */
export function rrdbNet(options: RrdbNetOptions = {}): Block {
	const { width = 64, blocks = 23, channels = 3, scale = 4 } = options;
	const convolve = convolutions(options);
	const factors = enlargements(scale);
	return (parameters) => {
		const model = parameters.at("model");
		const first = convolve(channels, width)(model.at(0));
		const sub = model.at(1).at("sub");
		const trunk = Array.from({ length: blocks }, (_, index) => rrdb(options)(sub.at(index)));
		const last = convolve(width, width)(sub.at(blocks));
		// In the authors' sequence each enlargement takes three places: enlarge, convolution, leaky ReLU.
		const enlarge = factors.map((factor, index) => ({
			factor,
			layer: convolve(width, width)(model.at(3 + 3 * index)),
		}));
		const end = 2 + 3 * factors.length;
		const full = convolve(width, width)(model.at(end));
		const toPicture = convolve(width, 3)(model.at(end + 2));
		return (x, pass) => {
			return tf.tidy(() => {
				const shallow = first(x, pass);
				let y = tf.add<tf.Tensor4D>(shallow, last(through(trunk, shallow, pass), pass));
				for (const { factor, layer } of enlarge) {
					const before = y;
					y = tf.tidy(() => leakyRelu(layer(upsampleNearest(before, factor), pass), slope));
				}
				return toPicture(leakyRelu(full(y, pass), slope), pass);
			});
		};
	};
}

/**
 * The shared extractor of Fs-SRGAN: f = conv(x), then f + RRDBs(f); [N, H, W, channels] → [N, H, W, width]. A single block
 * is named `model.1.sub.RDB1…`, more of them `model.1.sub.<i>.RDB1…`.
 */
export function rrdbFeatures({ blocks = 1, initScale = 1, ...rest }: RrdbOptions = {}): Block {
	const options = { blocks, initScale, ...rest };
	const { width = 64, channels = 3 } = options;
	return (parameters) => {
		const model = parameters.at("model");
		const first = convolutions(options)(channels, width)(model.at(0));
		const sub = model.at(1).at("sub");
		const trunk = Array.from({ length: blocks }, (_, index) => rrdb(options)(blocks === 1 ? sub : sub.at(index)));
		return (x, pass) =>
			tf.tidy(() => {
				const shallow = first(x, pass);
				return tf.add<tf.Tensor4D>(shallow, through(trunk, shallow, pass));
			});
	};
}

/** One block: `RDB1.conv1.0` … `RDB3.conv5.0`. */
export function rrdb(options: RrdbOptions = {}): Block {
	return (parameters) => {
		const dense = [1, 2, 3].map((index) => denseBlock(options)(parameters.at(`RDB${index}`)));
		return (x, pass) => tf.tidy(() => shortcut(x, through(dense, x, pass)));
	};
}

function denseBlock({ width = 64, growth = 32, ...options }: RrdbOptions): Block {
	const convolve = convolutions(options);
	return (parameters: Parameters) => {
		const layers = [1, 2, 3, 4, 5].map((index) => {
			const output = index === 5 ? width : growth;
			return convolve(width + (index - 1) * growth, output)(parameters.at(`conv${index}`).at(0));
		});
		const [last, ...inner] = layers.toReversed() as [Layer, ...Layer[]];
		return (x, pass) =>
			tf.tidy(() => {
				const known = inner.toReversed().reduce((all, layer) => {
					return tf.concat([all, leakyRelu(layer(all, pass), slope)], 3) as tf.Tensor4D;
				}, x);
				return shortcut(x, last(known, pass));
			});
	};
}

function shortcut(x: tf.Tensor4D, branch: tf.Tensor4D): tf.Tensor4D {
	return tf.add(x, tf.mul(branch, residualShare));
}

function convolutions({ initScale = 0.1 }: RrdbOptions): Convolve {
	const init = { initializer: kaimingInit(initScale), biasInitializer: constantInit(0) };
	return (input, output) => convolution(input, output, { padding: 1, ...init });
}

/** Factors whose product is `scale`: doublings, or one of 3. */
function enlargements(scale: number): readonly number[] {
	if (scale === 3) return [3];
	const doublings = Math.log2(scale);
	if (!Number.isInteger(doublings) || doublings < 0) {
		throw new RangeError(`rrdb: scale must be a power of two, or 3, got ${scale}`);
	}
	return Array.from({ length: doublings }, () => 2);
}
