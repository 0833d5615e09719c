import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import sharp from "sharp";
import { pictureFolder, readPicture, writePng } from "../../harness/pictures.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

/** A picture with much in it, so that its file is long and can be cut in the middle. */
const height = 40;
const width = 60;
const noise = Uint8Array.from({ length: height * width * 3 }, (_, index) => Math.imul(index + 1, 2654435761) >>> 24);
const noisy = () => sharp(noise, { raw: { width, height, channels: 3 } });

/** Greys 200, 100, 50, 255 with alphas 0, 1, 128, 255, of 8 bits. */
const greyAlpha =
	"iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAQAAADYv8WvAAAAEklEQVR4nGM4wZDCyGDU8P8/AA8ZA97VAKZyAAAAAElFTkSuQmCC";

async function file(t: ExecutionContext, name: string, bytes: Uint8Array): Promise<string> {
	const path = join(await temporaryFolder(t), name);
	await writeFile(path, bytes);
	return path;
}

/** A 24-bit bitmap, rows from the bottom, each padded to four bytes. */
function bmp(pixels: Uint8Array, wide: number, high: number): Uint8Array {
	const stride = Math.ceil((wide * 3) / 4) * 4;
	const bytes = Buffer.alloc(54 + stride * high);
	bytes.write("BM");
	bytes.writeUInt32LE(bytes.length, 2);
	bytes.writeUInt32LE(54, 10);
	bytes.writeUInt32LE(40, 14);
	bytes.writeInt32LE(wide, 18);
	bytes.writeInt32LE(high, 22);
	bytes.writeUInt16LE(1, 26);
	bytes.writeUInt16LE(24, 28);
	for (let row = 0; row < high; row += 1) {
		for (let column = 0; column < wide; column += 1) {
			for (let channel = 0; channel < 3; channel += 1) {
				const to = 54 + stride * (high - 1 - row) + column * 3 + 2 - channel;
				bytes[to] = pixels[(row * wide + column) * 3 + channel] as number;
			}
		}
	}
	return bytes;
}

for (const [kind, encode] of [
	["png", () => noisy().png().toBuffer()],
	["tiff", () => noisy().tiff({ compression: "lzw" }).toBuffer()],
	["webp", () => noisy().webp({ lossless: true }).toBuffer()],
	["bmp", async () => bmp(noise, width, height)],
] as const) {
	test(`a ${kind} is read exactly`, async (t) => {
		const picture = await readPicture(await file(t, `a.${kind}`, await encode()));
		t.deepEqual([picture.height, picture.width, picture.channels], [height, width, 3]);
		t.deepEqual(Buffer.from(picture.data), Buffer.from(noise));
	});
}

test("a jpeg is read as the decoder gives it", async (t) => {
	const bytes = await noisy().jpeg({ quality: 90 }).toBuffer();
	const { data } = await readPicture(await file(t, "a.jpg", bytes));
	t.deepEqual(Buffer.from(data), await sharp(bytes).raw().toBuffer());
});

for (const [kind, encode] of [
	["jpg", () => noisy().jpeg().toBuffer()],
	["progressive.jpg", () => noisy().jpeg({ progressive: true }).toBuffer()],
	["png", () => noisy().png().toBuffer()],
	["webp", () => noisy().webp().toBuffer()],
	["tif", () => noisy().tiff().toBuffer()],
	["gif", () => noisy().gif().toBuffer()],
	["bmp", async () => bmp(noise, width, height)],
] as const) {
	for (const share of [0.5, 0.95]) {
		test(`a ${kind} cut at ${share} is refused by name`, async (t) => {
			const bytes = await encode();
			const path = await file(t, `cut.${kind}`, bytes.subarray(0, Math.floor(bytes.length * share)));
			const error = await t.throwsAsync(readPicture(path));
			t.true(error?.message.startsWith(`${path}: `), error?.message);
			t.regex(
				error?.message ?? "",
				/must be a whole picture, got a truncated or damaged file$|is cut off: \d+ bytes of \d+$/,
			);
		});
	}
}

test("a truncated jpeg is called truncated", async (t) => {
	const bytes = await noisy().jpeg().toBuffer();
	const path = await file(t, "cut.jpg", bytes.subarray(0, bytes.length / 2));
	await t.throwsAsync(readPicture(path), {
		message: /cut\.jpg: must be a whole picture, got a truncated or damaged file$/,
	});
});

test("a jpeg damaged inside is refused", async (t) => {
	const bytes = Uint8Array.from(await noisy().jpeg().toBuffer());
	// An end-of-image marker in the middle of the scan.
	bytes.set([0xff, 0xd9], Math.floor(bytes.length / 2));
	await t.throwsAsync(readPicture(await file(t, "bad.jpg", bytes)), { message: /bad\.jpg: must be a whole picture/ });
});

test("what is not a picture is refused by name", async (t) => {
	const folder = await temporaryFolder(t);
	const path = (name: string) => join(folder, name);
	await writeFile(path("empty.jpg"), "");
	await writeFile(path("text.jpg"), "this is no picture, though it is called one");
	await writeFile(path("drawing.png"), '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>');
	await mkdir(path("folder.png"));
	const refused = async (name: string, message: RegExp) => {
		const error = await t.throwsAsync(readPicture(path(name)));
		t.true(error?.message.startsWith(path(name)), error?.message);
		t.regex(error?.message ?? "", message);
	};
	await refused("empty.jpg", /must be a picture, got a file of zero bytes/);
	await refused("text.jpg", /must be a picture, got bytes of no known format/);
	await refused("drawing.png", /must be a picture of pixels, got svg/);
	await refused("folder.png", /must be a picture file, got a folder/);
	await refused("none.png", /must be a picture file, got nothing of that name/);
});

test("a picture of absurd size is refused before it is decoded", async (t) => {
	const blank = sharp({ create: { width: 5000, height: 4000, channels: 3, background: "white" } });
	const path = await file(t, "bomb.png", await blank.png().toBuffer());
	await t.throwsAsync(readPicture(path, { maxPixels: 1e6 }), {
		message: /bomb\.png: must have at most 1000000 pixels, got 5000×4000/,
	});
});

test("a bitmap whose header promises more than memory holds is refused", async (t) => {
	const bytes = Buffer.from(bmp(noise, width, height));
	bytes.writeInt32LE(2_000_000, 18);
	bytes.writeInt32LE(2_000_000, 22);
	await t.throwsAsync(readPicture(await file(t, "bomb.bmp", bytes)), {
		message: /must have at most .* got 2000000×2000000/,
	});
});

test("an animation is refused", async (t) => {
	const frames = sharp(noise, { raw: { width, height, channels: 3, pageHeight: height / 2 } });
	const path = await file(t, "moving.gif", await frames.gif().toBuffer());
	await t.throwsAsync(readPicture(path), { message: /moving\.gif: must hold one picture, got 2/ });
});

test("cmyk becomes rgb near what was encoded", async (t) => {
	const colours = [200, 40, 40, 40, 160, 60, 60, 70, 180, 230, 230, 230];
	const flat = Uint8Array.from({ length: 64 * 64 * 3 }, (_, index) => {
		const column = Math.floor(index / 3) % 64;
		return colours[Math.floor(column / 16) * 3 + (index % 3)] as number;
	});
	const image = sharp(flat, { raw: { width: 64, height: 64, channels: 3 } });
	const bytes = await image.toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer();
	t.is((await sharp(bytes).metadata()).space, "cmyk");
	const { data, channels } = await readPicture(await file(t, "cmyk.jpg", bytes));
	t.is(channels, 3);
	for (let band = 0; band < 4; band += 1) {
		for (let channel = 0; channel < 3; channel += 1) {
			const got = data[(32 * 64 + band * 16 + 8) * 3 + channel] as number;
			// Inks reach fewer colours than light does; inverted or unconverted channels would be off by 100 and more.
			t.true(Math.abs(got - (colours[band * 3 + channel] as number)) < 45, `${band} ${channel}: ${got}`);
		}
	}
});

test("16 bits are scaled to 8, rounded", async (t) => {
	const words = Uint16Array.from({ length: 16 * 3 }, (_, index) => (index * 1367 + 100) & 0xffff);
	for (const [name, channels] of [
		["rgb", 3],
		["grey", 1],
	] as const) {
		const image = sharp(words, { raw: { width: 48 / channels, height: 1, channels } });
		const wide = image.toColourspace(channels === 3 ? "rgb16" : "grey16");
		const bytes = await wide.png().toBuffer();
		t.is((await sharp(bytes).metadata()).depth, "ushort");
		const picture = await readPicture(await file(t, `${name}.png`, bytes), { channels });
		t.deepEqual(
			[...picture.data],
			Array.from(words, (word) => Math.round(word / 257)),
		);
	}
});

test("grey is spread over three channels, and colour made grey by Rec. 601", async (t) => {
	const folder = await temporaryFolder(t);
	const grey = Uint8Array.of(0, 10, 128, 255);
	await writePng(join(folder, "grey.png"), grey, { height: 2, width: 2, channels: 1 });
	t.is((await sharp(join(folder, "grey.png")).metadata()).channels, 1);
	const spread = await readPicture(join(folder, "grey.png"));
	t.deepEqual([...spread.data], [0, 0, 0, 10, 10, 10, 128, 128, 128, 255, 255, 255]);
	const back = await readPicture(join(folder, "grey.png"), { channels: 1 });
	t.deepEqual([...back.data], [...grey]);
	await writePng(join(folder, "rgb.png"), Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255), {
		height: 1,
		width: 3,
		channels: 3,
	});
	const luma = await readPicture(join(folder, "rgb.png"), { channels: 1 });
	t.deepEqual([...luma.data], [76, 150, 29]);
});

test("alpha is kept as data without touching the colours, dropped, or blended over white", async (t) => {
	const folder = await temporaryFolder(t);
	const path = join(folder, "alpha.png");
	const pixels = Uint8Array.of(200, 100, 50, 0, 200, 100, 50, 1, 200, 100, 50, 128, 200, 100, 50, 255);
	await writePng(path, pixels, { height: 2, width: 2, channels: 4 });
	t.deepEqual([...(await readPicture(path, { channels: 4 })).data], [...pixels]);
	const dropped = await readPicture(path, { alpha: "drop" });
	t.deepEqual([...dropped.data], [200, 100, 50, 200, 100, 50, 200, 100, 50, 200, 100, 50]);
	const flat = await readPicture(path);
	// (200 · 128 + 255 · 127) / 255 = 227.4; (100 · 128 + 255 · 127) / 255 = 177.2; (50 · 128 + 255 · 127) / 255 = 152.1
	t.deepEqual([...flat.data], [255, 255, 255, 255, 254, 254, 227, 177, 152, 200, 100, 50]);
	await t.throwsAsync(readPicture(path, { channels: 3, alpha: "data" }), { message: /must have channels 4, got 3/ });
});

test("grey with alpha is kept, dropped or blended as colour is, of 8 and of 16 bits", async (t) => {
	const folder = await temporaryFolder(t);
	const [greys, opacities] = [
		[200, 100, 50, 255],
		[0, 1, 128, 255],
	] as const;
	const pixels = greys.flatMap((grey, at) => [grey, opacities[at] as number]);
	const raw = { width: 2, height: 2, channels: 2 } as const;
	const [small, wide] = [join(folder, "8.png"), join(folder, "16.png")];
	// By Pillow 13; the writer here makes colour of it.
	await writeFile(small, Buffer.from(greyAlpha, "base64"));
	await sharp(
		Uint16Array.from(pixels, (value) => 257 * value),
		{ raw },
	)
		.toColourspace("grey16")
		.png()
		.toFile(wide);
	for (const [path, depth] of [
		[small, "uchar"],
		[wide, "ushort"],
	] as const) {
		t.like(await sharp(path).metadata(), { channels: 2, hasAlpha: true, depth });
		t.deepEqual([...(await readPicture(path, { channels: 1, alpha: "drop" })).data], [...greys]);
		// (200 · 0 + 255 · 255) / 255, (100 · 1 + 255 · 254) / 255 = 254.4, (50 · 128 + 255 · 127) / 255 = 152.1
		const blended = [255, 254, 152, 255];
		t.deepEqual([...(await readPicture(path, { channels: "own" })).data], blended);
		t.deepEqual(
			[...(await readPicture(path)).data],
			blended.flatMap((value) => [value, value, value]),
		);
		t.deepEqual(
			[...(await readPicture(path, { channels: 4 })).data],
			greys.flatMap((grey, at) => [grey, grey, grey, opacities[at] as number]),
		);
	}
});

test("a picture without alpha read with four channels is opaque", async (t) => {
	const picture = await readPicture(await file(t, "a.bmp", bmp(Uint8Array.of(1, 2, 3), 1, 1)), { channels: 4 });
	t.deepEqual([...picture.data], [1, 2, 3, 255]);
});

test("the camera's rotation mark is obeyed", async (t) => {
	// 6: the camera was turned; the picture must be turned a quarter clockwise.
	const bytes = await noisy().png().withMetadata({ orientation: 6 }).toBuffer();
	const picture = await readPicture(await file(t, "turned.png", bytes));
	t.deepEqual([picture.height, picture.width], [width, height]);
	const at = (row: number, column: number) => [
		...picture.data.subarray((row * height + column) * 3, (row * height + column) * 3 + 3),
	];
	const before = (row: number, column: number) => [
		...noise.subarray((row * width + column) * 3, (row * width + column) * 3 + 3),
	];
	t.deepEqual(at(0, height - 1), before(0, 0));
	t.deepEqual(at(width - 1, 0), before(height - 1, width - 1));
	t.deepEqual(at(5, 3), before(height - 1 - 3, 5));
});

test("a png is written whole or not at all, and reads back the same", async (t) => {
	const folder = await temporaryFolder(t);
	const path = join(folder, "out.png");
	await writePng(path, noise, { height, width, channels: 3 });
	t.deepEqual(await readdir(folder), ["out.png"]);
	t.deepEqual(Buffer.from((await readPicture(path)).data), Buffer.from(noise));
	const before = await readFile(path);
	await t.throwsAsync(writePng(path, noise.subarray(1), { height, width, channels: 3 }), {
		message: /writePng: must have 40×60×3 values/,
	});
	t.deepEqual(await readFile(path), before);
	await t.throwsAsync(writePng(join(path, "out.png"), noise, { height, width, channels: 3 }), {
		message: `${join(path, "out.png")}: must be a file that can be written, got a file where a folder must be`,
	});
});

test("a folder lists its pictures in order and nothing else", async (t) => {
	const folder = await temporaryFolder(t);
	for (const name of ["b.PNG", "a.jpg", "notes.txt", ".hidden.png", "c.bmp"]) await writeFile(join(folder, name), "x");
	t.deepEqual(
		await pictureFolder(folder),
		["a.jpg", "b.PNG", "c.bmp"].map((name) => join(folder, name)),
	);
});

test("a folder that is missing, empty or a file is named", async (t) => {
	const folder = await temporaryFolder(t);
	await writeFile(join(folder, "notes.txt"), "x");
	await t.throwsAsync(pictureFolder(folder), { message: /must hold picture files \(.*\), got 1 other entries/ });
	await t.throwsAsync(pictureFolder(join(folder, "none")), {
		message: /none: must be a folder of pictures, got nothing of that name/,
	});
	await t.throwsAsync(pictureFolder(join(folder, "notes.txt")), {
		message: /notes.txt: must be a folder of pictures, got a file/,
	});
});
