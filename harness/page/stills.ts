/** A few maps over the first picture as still images: what the attention viewer shows where scripts do not run. */
import sharp from "sharp";
import type { AttentionFile } from "../attention-file.ts";
import { overlay } from "../colours.ts";

export interface Still {
	readonly name: string;
	readonly uri: string;
	readonly width: number;
	readonly height: number;
}

const mostStills = 6;

/** The picture and up to six of its maps, taken evenly. */
export async function stills({ pictures, maps }: AttentionFile): Promise<Still[]> {
	const [picture] = pictures;
	if (picture === undefined) return [];
	const { data, info } = await raw(picture, 3);
	const { width, height } = info;
	const step = Math.ceil(maps.length / mostStills);
	const chosen = maps.filter((_, index) => index % step === 0);
	const tile = { pixels: data, width, height };
	const laid = await Promise.all(
		chosen.map(async ({ layer, query, values }): Promise<Still> => {
			const map = (await raw(values[0] ?? "", 1, { width, height })).data;
			const { pixels } = overlay(
				tile,
				Array.from(map, (value) => value / 255),
			);
			return { name: mapName(layer, query), ...(await still(pixels, width, height)) };
		}),
	);
	return [{ name: "picture", ...(await still(data, width, height)) }, ...laid];
}

/** "module 3, query at 50 %". */
export function mapName(layer: string, query: number | undefined): string {
	return query === undefined ? layer : `${layer}, query at ${Math.round(100 * query)} %`;
}

async function raw(base64: string, channels: 1 | 3, size?: { readonly width: number; readonly height: number }) {
	const picture = sharp(Buffer.from(base64, "base64")).removeAlpha();
	const sized = size === undefined ? picture : picture.resize({ ...size, fit: "fill", kernel: "nearest" });
	const coloured = channels === 1 ? sized.toColourspace("b-w") : sized.toColourspace("srgb");
	return coloured.raw().toBuffer({ resolveWithObject: true });
}

async function still(pixels: Uint8Array, width: number, height: number) {
	const data = await sharp(pixels, { raw: { width, height, channels: 3 } })
		.webp({ lossless: true })
		.toBuffer();
	return { uri: `data:image/webp;base64,${data.toString("base64")}`, width, height };
}
