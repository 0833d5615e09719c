import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const flags = [
	...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
	...["--disable-component-update", "--disable-sync"],
];

/** The system's Chromium; FOVEA_CHROMIUM names another one. */
export async function launch(): Promise<Browser> {
	const executablePath = process.env["FOVEA_CHROMIUM"] ?? "/usr/bin/chromium";
	if (!existsSync(executablePath)) {
		throw new Error(
			`browser tests: need Chromium at ${executablePath}; apt-get install chromium, or set FOVEA_CHROMIUM`,
		);
	}
	return chromium.launch({ executablePath, args: flags });
}
