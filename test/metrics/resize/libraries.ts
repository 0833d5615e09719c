import test from "ava";
import type { Picture } from "../../../metrics/metric.ts";
import { type OpencvInterpolation, opencvResize } from "../../../metrics/resize/opencv.ts";
import { type PillowFilter, pillowResize } from "../../../metrics/resize/pillow.ts";
import { tensorflowResize } from "../../../metrics/resize/tensorflow.ts";
import { type TorchMode, torchResize } from "../../../metrics/resize/torch.ts";
import { close, Golden, goldenFolders } from "../../helpers/golden.ts";

interface Case {
	readonly input: string;
	readonly output: string;
	readonly out_size?: [number, number];
	readonly tolerance: string;
}

/** A picture's values as floats, [0, 255]. */
function floats(picture: Picture): Picture {
	return { ...picture, data: Float64Array.from(picture.data) };
}

/** What makes a golden picture, by its name in the file. */
function resize(name: string, picture: Picture, height: number, width: number): Picture {
	const [library, mode, ...rest] = name.split("_") as [string, string, ...string[]];
	if (library === "pillow") return pillowResize(picture, height, width, { filter: mode as PillowFilter });
	if (library === "cleanfid") {
		return pillowResize(floats(picture), height, width, { filter: mode as PillowFilter, clip: true });
	}
	if (library === "tf1")
		return tensorflowResize(picture, height, width, { alignCorners: name.endsWith("align_corners") });
	if (library === "torch") {
		return torchResize(picture, height, width, {
			mode: (rest[0] === "exact" ? "nearest-exact" : mode) as TorchMode,
			antialias: name.endsWith("antialias_True"),
			alignCorners: name.endsWith("align_corners"),
		});
	}
	const input = rest[0] === "float" ? floats(picture) : picture;
	return opencvResize(input, height, width, { interpolation: mode as OpencvInterpolation });
}

/** The file's tolerance as a number: "exact …", "2e-4", "exact for NEAREST, otherwise 1 grey level". */
function allowed(tolerance: string, output: string): number {
	if (tolerance.startsWith("exact for NEAREST")) return output.includes("nearest") ? 0 : 1;
	return tolerance.startsWith("exact") ? 0 : Number(tolerance);
}

for (const folder of goldenFolders()) {
	const golden = new Golden<{ cases: Case[] }>(folder, "resize");
	for (const { input, output, out_size: size, tolerance } of golden.document.cases) {
		test(`${output} of ${folder} is reproduced`, (t) => {
			const scaled = input.endsWith(" / 127.5 - 1");
			const source = golden.picture(input.replace(" / 127.5 - 1", ""));
			const expected = golden.picture(output);
			const name = output.slice(output.indexOf("/") + 1);
			const result =
				size === undefined ? special(name, source, scaled, expected) : resize(name, source, size[0], size[1]);
			// Large results are stored as some rows of the green channel.
			const rows = size !== undefined ? golden.int32(`${input}`.replace("input", "stored_rows")) : undefined;
			const part = expected.channels === 1;
			const kept = Array.from(expected.data, (_, at) => {
				const row = Math.floor(at / (expected.width * expected.channels));
				const column = Math.floor(at / expected.channels) % expected.width;
				const from = rows === undefined ? row : (rows[row] as number);
				const channel = part ? 1 : at % expected.channels;
				return result.data[(from * result.width + column) * result.channels + channel] as number;
			});
			const most = kept.reduce(
				(worst, value, at) => Math.max(worst, Math.abs(value - (expected.data[at] as number))),
				0,
			);
			t.true(close(most, 0, allowed(tolerance, output)), `largest difference ${most}, allowed ${tolerance}`);
		});
	}
}

/** The steps of AGA-GAN's and CycleGAN's loading code. */
function special(name: string, source: Picture, scaled: boolean, { height, width }: Picture): Picture {
	if (name.startsWith("bicubic128")) {
		const unit = { ...source, data: Float64Array.from(source.data, (byte) => (scaled ? byte / 127.5 - 1 : byte)) };
		return opencvResize(unit, height, width, { interpolation: "cubic" });
	}
	return pillowResize(source, height, width, { filter: name.includes("lanczos") ? "lanczos" : "bicubic" });
}
