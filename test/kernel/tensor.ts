import * as tf from "@tensorflow/tfjs";
import test from "ava";
import { parseHTML } from "linkedom";
import sharp from "sharp";
import { bundleOf } from "../../kernel/bundle.ts";

async function pictureOf(tensor: tf.Tensor) {
	const bundle = await bundleOf(tensor);
	const read = sharp(Buffer.from(String(bundle["image/png"]), "base64")).raw();
	return { ...(await read.toBuffer({ resolveWithObject: true })), text: bundle["text/plain"] };
}

test("a tensor of a picture is shown as one, its range read off its values", async (t) => {
	const ramp = tf.linspace(0, 1, 16 * 128).reshape([16, 128, 1]);
	const shown: readonly (readonly [tensor: tf.Tensor, range: string])[] = [
		[ramp, "unit"],
		[ramp.mul(2).sub(1), "signed"],
		[ramp.mul(255), "byte"],
		[ramp.mul(255).round().toInt(), "byte"],
	];
	for (const [tensor, range] of shown) {
		const { data, info, text } = await pictureOf(tensor);
		t.like(info, { width: 128, height: 16 });
		t.is(data[0], 0);
		t.is(data.at(-1), 255);
		t.is(text, `tensor [16, 128, 1] ${tensor.dtype}, shown as ${range}`);
	}
});

test("a batch is a grid, of the first 64 at most", async (t) => {
	const { info, text } = await pictureOf(tf.zeros([70, 128, 128, 3]));
	// Eight in a row, four pixels between them.
	t.like(info, { width: 8 * 128 + 7 * 4, height: 8 * 128 + 7 * 4 });
	t.is(text, "tensor [70, 128, 128, 3] float32, shown as unit, first 64 of 70");
});

test("a layer's output does not flood the page: its first lines, and what it is like", async (t) => {
	const text = async (tensor: tf.Tensor) => String((await bundleOf(tensor))["text/plain"]);
	const long = await text(tf.linspace(-2, 4, 4 * 16 * 16 * 64).reshape([4, 16, 16, 64]));
	t.true(long.split("\n").length <= 32, `${long.split("\n").length} lines`);
	t.regex(
		long,
		/^Tensor\n {2}dtype: float32\n {2}rank: 4\n {2}shape: \[4,16,16,64\]\n {2}range: -2 … 4, mean 1\n {2}values:\n/,
	);
	t.regex(long, /\n {4}… \d+ more lines$/);
	t.regex(await text(tf.fill([8, 8, 8, 8], Number.NaN)), /range: holds NaN at 0/);
	t.notRegex(await text(tf.zeros([40, 30])), /more lines|range/);
});

test("what is no picture is text, a small matrix a table as well", async (t) => {
	const forms = async (tensor: tf.Tensor) => Object.keys(await bundleOf(tensor)).sort();
	for (const tensor of [
		tf.randomNormal([16, 16, 3]).mul(1000),
		tf.fill([16, 16, 3], Number.NaN),
		tf.zeros([16, 16, 2]),
		tf.zeros([2, 3, 3]),
		tf.zeros([30, 30]),
		tf.zeros([5]),
		tf.scalar(1),
	])
		t.deepEqual(await forms(tensor), ["text/plain"], `[${tensor.shape.join()}]`);
	const matrix = await bundleOf(
		tf.tensor2d([
			[1, 2.5],
			[3, 4],
		]),
	);
	const { document } = parseHTML(String(matrix["text/html"]));
	const cells = [...document.querySelectorAll("tbody td")].map((cell) => cell.textContent);
	t.deepEqual(cells, ["0", "1", "2.5", "1", "3", "4"]);
	t.regex(String(matrix["text/plain"]), /Tensor/);
	const gone = tf.zeros([8, 8, 3]);
	gone.dispose();
	t.deepEqual(await bundleOf(gone), { "text/plain": "disposed tensor [8, 8, 3] float32" });
});
