import test from "ava";
import { Random } from "../../engine/random.ts";
import { backgroundPsnr, backgroundSsim } from "../../metrics/background.ts";
import type { Picture } from "../../metrics/metric.ts";
import { psnr } from "../../metrics/psnr.ts";
import { ssim } from "../../metrics/ssim.ts";
import { close } from "../helpers/golden.ts";

const side = 32;
function picture(seed: number, channels: number): Picture {
	const random = Random.seed(seed);
	const data = Uint8Array.from({ length: side * side * channels }, () => random.integer(256));
	return { data, height: side, width: side, channels };
}
const square: Picture = {
	data: Uint8Array.from({ length: side * side }, (_, at) => Number(at % side > 10 && at % side < 20 && at > 10 * side)),
	height: side,
	width: side,
	channels: 1,
};
const nothing: Picture = { ...square, data: new Uint8Array(side * side) };

test("with an empty mask they are PSNR and SSIM of the whole picture", async (t) => {
	const [source, edited] = [picture(1, 3), picture(2, 3)];
	// Another order of the same sums.
	t.true(close(backgroundPsnr(source, edited, nothing), await psnr().value(source, edited), 1e-12));
	t.true(
		close(backgroundSsim(source, edited, nothing), await ssim({ protocol: "wang2004" }).value(source, edited), 1e-12),
	);
});

test("a change inside the mask costs nothing, one outside does", (t) => {
	const source = picture(1, 3);
	const change = (where: 0 | 1): Picture => ({
		...source,
		data: Uint8Array.from(source.data, (value, at) =>
			square.data[Math.floor(at / 3)] === where ? 255 - value : value,
		),
	});
	t.is(backgroundPsnr(source, change(1), square), Number.POSITIVE_INFINITY);
	t.is(backgroundSsim(source, change(1), square), 1);
	t.true(backgroundPsnr(source, change(0), square) < 10);
	t.true(backgroundSsim(source, change(0), square) < 0.5);
});

test("a mask that leaves nothing outside is refused", (t) => {
	const full = { ...square, data: new Uint8Array(side * side).fill(1) };
	t.is(
		t.throws(() => backgroundPsnr(picture(1, 1), picture(2, 1), full))?.message,
		"background-psnr: the mask must leave a pixel outside, got none",
	);
});
