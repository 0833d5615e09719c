import { Random } from "../engine/random.ts";
import type { Picture } from "../metrics/metric.ts";
import { ssim } from "../metrics/ssim.ts";
import { against, type Bench, median } from "./bench.ts";
import { startRival } from "./rival.ts";

const pairs = 100;
const side = 512;
/** Both sides take turns, so that a busy minute of the machine hits both. */
const rounds = 5;

/** A smooth picture and a noisy copy of it; the same bytes go to both sides. */
function pair(): readonly [Picture, Picture] {
	const random = Random.seed(1);
	const data = Uint8Array.from({ length: side * side }, (_, at) => {
		const [y, x] = [Math.floor(at / side), at % side];
		return 128 + 70 * Math.sin(x / 17) * Math.cos(y / 23) + 40 * Math.sin((x + y) / 5);
	});
	const noisy = data.map((value) => Math.max(0, Math.min(255, Math.round(value + 12 * random.normal()))));
	const picture = (bytes: Uint8Array): Picture => ({ data: bytes, height: side, width: side, channels: 1 });
	return [picture(data), picture(noisy)];
}

export const bench: Bench = {
	about: "SSIM of 512 × 512 grey pictures against scikit-image, one thread each",
	async run(report) {
		const [reference, image] = pair();
		using rival = startRival("ssim.py");
		const base64 = ({ data }: Picture): string => Buffer.from(data as Uint8Array).toString("base64");
		await rival.ask({ reference: base64(reference), image: base64(image), side });
		for (const [protocol, gaussian] of [
			["skimage", false],
			["wang2004", true],
		] as const) {
			const metric = ssim({ protocol });
			const [mine, theirs]: [number[], number[]] = [[], []];
			let ours = 0;
			let value = 0;
			for (let round = 0; round <= rounds; round += 1) {
				const count = pairs / rounds;
				const start = performance.now();
				for (let at = 0; at < count; at += 1) ours = (await metric.value(reference, image)) as number;
				const taken = performance.now() - start;
				const answer = await rival.ask<{ ms: number; value: number }>({ gaussian, count });
				value = answer.value;
				// The first round warms both up.
				if (round === 0) continue;
				mine.push(taken / count);
				theirs.push(answer.ms / count);
			}
			const name = `SSIM ${protocol}, ${pairs} pairs, a pair`;
			report(against(name, "ms", median(mine), median(theirs), 0.5));
			const distance = Math.abs(ours - value);
			report({
				name: `SSIM ${protocol}, distance of values`,
				ours: distance,
				unit: "",
				target: "≤ 1e-9",
				pass: distance <= 1e-9,
			});
		}
	},
};
