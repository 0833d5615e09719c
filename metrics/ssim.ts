/**
 * Structural similarity (see ssim-map.ts), K1 .01, K2 .03, under the conventions of several libraries, which differ in
 * window, covariance, edges, colour and downsampling. 1 for equal pictures.
 */
import type { PairedMetric } from "./metric.ts";
import { downsampled, mirrorEdges } from "./plane-operations.ts";
import { type Plane, planes, requireComparable, type Space } from "./planes.ts";
import { type SsimWindow, ssimMap } from "./ssim-map.ts";

interface Convention {
	readonly window: SsimWindow;
	readonly sampleCovariance?: boolean;
	readonly space?: Space;
	/** Averages blocks of round(min(height, width) / 256) pixels first. */
	readonly downsample?: "matlab" | "piq";
	/** Mirrors the edges (without repeating them) in place of leaving them out. */
	readonly mirrored?: boolean;
	readonly clampContrast?: boolean;
}

const uniform: SsimWindow = { kind: "uniform", size: 7 };
const gaussian: SsimWindow = { kind: "gaussian", size: 11, sigma: 1.5 };

const conventions = {
	/** scikit-image's default: 7x7 uniform window, sample covariance, mean over channels. */
	skimage: { window: uniform, sampleCovariance: true },
	/** The paper's: 11x11 Gaussian of sigma 1.5, population moments, windows inside the picture, mean over channels. */
	wang2004: { window: gaussian },
	/** The paper's program ssim.m, which averages large pictures down to some 256 pixels first. */
	matlab: { window: gaussian, downsample: "matlab" },
	/** As `wang2004` on the BT.601 luma rounded to a byte. */
	"matlab-y": { window: gaussian, space: "y-rounded" },
	/** As `wang2004`. */
	basicsr: { window: gaussian },
	/** As `wang2004` on the unrounded BT.601 luma. */
	"basicsr-y": { window: gaussian, space: "y" },
	/** As `matlab`, with whole blocks averaged. */
	piq: { window: gaussian, downsample: "piq" },
	/**
	 * On the luma .299 .587 .114 rounded to a byte, negative contrast-structure values set to 0. A luma of just k + 0.5 is
	 * rounded up here, in pyiqa as its float32 products fall: up to 2e-5 in the mean.
	 */
	pyiqa: { window: gaussian, space: "yiq-rounded", clampContrast: true },
	/** As `wang2004` with mirrored edges. */
	torchmetrics: { window: gaussian, mirrored: true },
} as const satisfies Record<string, Convention>;

export type SsimProtocol = keyof typeof conventions;

/** `range` is needed for pictures of floats; the luma protocols need values on 0 … 255. */
export function ssim({
	protocol = "skimage",
	crop = 0,
	range,
	window,
	sampleCovariance,
}: {
	/** @default "skimage" */
	readonly protocol?: SsimProtocol;
	/** Pixels taken off each side. @default 0 */
	readonly crop?: number;
	/** Largest possible value. @default 255 for bytes */
	readonly range?: number;
	/** In place of the protocol's window. */
	readonly window?: SsimWindow;
	/** In place of the protocol's choice. */
	readonly sampleCovariance?: boolean;
} = {}): PairedMetric {
	const convention: Convention | undefined = conventions[protocol];
	if (convention === undefined) {
		throw new RangeError(`ssim: protocol must be one of ${Object.keys(conventions).join(", ")}, got ${protocol}`);
	}
	const { space = "channels", mirrored = false, clampContrast = false, downsample } = convention;
	const used = window ?? convention.window;
	const sample = sampleCovariance ?? convention.sampleCovariance ?? false;
	return {
		kind: "paired",
		id: "ssim",
		better: "higher",
		unit: "",
		protocol: {
			protocol,
			crop,
			range: range ?? 255,
			window: `${used.kind} ${used.size}${used.kind === "gaussian" ? ` sigma ${used.sigma ?? 1.5}` : ""}`,
			covariance: sample ? "sample" : "population",
		},
		value(reference, image) {
			const peak = requireComparable("ssim", reference, image, range);
			if (space !== "channels" && peak !== 255) {
				throw new RangeError(`ssim: protocol ${protocol} needs values on 0 to 255, got range ${peak}`);
			}
			const prepare = (plane: Plane): Plane => {
				const small = downsample === undefined ? plane : downsampled(plane, downsample);
				return mirrored ? mirrorEdges(small, (used.size - 1) / 2) : small;
			};
			const first = planes(reference, { space, crop }).map(prepare);
			const second = planes(image, { space, crop }).map(prepare);
			const values = first.map(
				(plane, channel) =>
					ssimMap(plane, second[channel] as Plane, {
						window: used,
						range: peak,
						sampleCovariance: sample,
						clampContrast,
					}).mean,
			);
			return values.reduce((sum, value) => sum + value, 0) / values.length;
		},
	};
}
