import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

/**
 * A figure as PNG, for front ends that show no SVG: JupyterLab in a notebook that is not trusted yet. Its text is set in a
 * font of the package's own, so that it looks the same on every machine, one without fonts included.
 */

let isReady = false;

/** Points fontconfig, which the renderer asks, to that one font; it reads its settings once in a process. */
function chooseFont(): void {
	if (isReady) return;
	isReady = true;
	if (process.env["FONTCONFIG_FILE"]) return;
	const font = createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf");
	const file = path.join(tmpdir(), `fovea-fonts-${process.pid}.conf`);
	const settings = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${path.dirname(font)}</dir><cachedir>${tmpdir()}/fovea-fonts-cache</cachedir></fontconfig>`;
	writeFileSync(file, settings);
	process.once("exit", () => rmSync(file, { force: true }));
	process.env["FONTCONFIG_FILE"] = file;
}

/** @param svg A document. @returns The bytes of a PNG file, one and a half pixels for each of the document's. */
export async function toPng(svg: string): Promise<Uint8Array> {
	chooseFont();
	const { default: sharp } = await import("sharp");
	const named = svg.replaceAll("system-ui, sans-serif", "DejaVu Sans");
	return new Uint8Array(await sharp(Buffer.from(named), { density: 108 }).png({ palette: true }).toBuffer());
}
