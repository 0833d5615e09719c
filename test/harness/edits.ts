import test from "ava";
import { absoluteDifferences, blurredCopies, editLabel, toBytes, toSigned } from "../../harness/edits.ts";

const attributes = ["Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"];

const edited = test.macro((t, label: number[], index: number, expected: number[]) => {
	t.deepEqual([...editLabel(Float32Array.from(label), attributes, index)], expected);
});

// The rules of StarGAN's solver.py create_labels.
test("a hair colour is set and the others cleared", edited, [1, 0, 0, 1, 0], 1, [0, 1, 0, 1, 0]);
test("a hair colour that was there stays", edited, [0, 1, 0, 0, 1], 1, [0, 1, 0, 0, 1]);
test("a hair colour is set where there was none", edited, [0, 0, 0, 1, 1], 2, [0, 0, 1, 1, 1]);
test("gender is turned over and hair kept", edited, [1, 0, 0, 1, 0], 3, [1, 0, 0, 0, 0]);
test("age is turned over and hair kept", edited, [0, 0, 1, 0, 0], 4, [0, 0, 1, 0, 1]);

test("an attribute that is not there is refused", (t) => {
	t.throws(() => editLabel(new Float32Array(5), attributes, 5), { message: /from 0 to 4, got 5/ });
});

test("bytes survive the way to signed values and back", (t) => {
	const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);
	t.deepEqual(toBytes(toSigned(bytes)), bytes);
	t.deepEqual([...toBytes(Float32Array.of(-3, -1, 0, 1, 7))], [0, 0, 128, 255, 255]);
});

test("differences are means per picture in the signed range", (t) => {
	const set = (data: number[]) => ({ data: Uint8Array.from(data), count: 2, height: 1, width: 1 });
	const differences = absoluteDifferences(set([0, 0, 0, 255, 255, 255]), set([255, 255, 255, 255, 255, 204]));
	t.deepEqual([...differences], [2, 51 / 3 / 127.5]);
});

test("a blurred copy keeps flat pictures and loses a chequerboard", async (t) => {
	const side = 16;
	const pixels = (value: (x: number, y: number) => number) =>
		Uint8Array.from({ length: side * side * 3 }, (_, at) =>
			value(Math.floor(at / 3) % side, Math.floor(at / 3 / side)),
		);
	const set = (data: Uint8Array) => ({ data, count: 1, height: side, width: side });
	const flat = set(pixels(() => 90));
	t.deepEqual((await blurredCopies(flat, 4)).data, flat.data);
	const board = set(pixels((x, y) => ((x + y) % 2) * 200));
	const [lost] = absoluteDifferences(await blurredCopies(board, 4), board);
	// The blur leaves the mean, 100, from which every pixel lies 100 away.
	t.true(Math.abs((lost as number) - 100 / 127.5) < 0.02);
});
