import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { freePorts } from "../../kernel/client.ts";
import { launch } from "./browser.ts";
import { type Jupyter, repository } from "./jupyter.ts";
import { sleep } from "./kernel.ts";

/** JupyterLab in Chromium, used as a reader would. */

/** Where screenshots are kept. */
export const screenshots = join(repository, "build", "screenshots", "jupyterlab");

/** How long one thing may take, milliseconds. */
export const patience = Number(process.env["P"] ?? 60_000);

export interface LabOptions {
	/** The folder that it shows. @default Jupyter's own */
	readonly root?: string;
	/** The command line that starts it. @default "jupyter lab" */
	readonly command?: string;
	/** Height of the window, pixels. @default 2600 */
	readonly height?: number;
}

export class Lab {
	readonly page: Page;
	readonly address: string;
	readonly #browser: Browser;
	readonly #server: ChildProcess;

	private constructor(server: ChildProcess, browser: Browser, page: Page, address: string) {
		this.#server = server;
		this.#browser = browser;
		this.page = page;
		this.address = address;
	}

	/** Starts the server and an empty page; settings lie beside Jupyter's own files. */
	static async start(jupyter: Jupyter, options: LabOptions = {}): Promise<Lab> {
		const { root = jupyter.folder, command = "jupyter lab", height = 2600 } = options;
		mkdirSync(screenshots, { recursive: true });
		const settings = join(jupyter.folder, "settings", "@jupyterlab");
		mkdirSync(join(settings, "notebook-extension"), { recursive: true });
		mkdirSync(join(settings, "apputils-extension"), { recursive: true });
		// Every cell stays in the page, and nothing is asked of the network.
		writeFileSync(join(settings, "notebook-extension", "tracker.jupyterlab-settings"), '{"windowingMode": "none"}');
		writeFileSync(
			join(settings, "apputils-extension", "notification.jupyterlab-settings"),
			'{"fetchNews": "false", "checkForUpdates": false}',
		);
		const [port] = await freePorts(1);
		const [program = "", ...words] = command.split(" ");
		const flags = [
			"--no-browser",
			"--allow-root",
			`--port=${port}`,
			"--ip=127.0.0.1",
			"--IdentityProvider.token=fovea",
		];
		const server = spawn(join(jupyter.home, "bin", program), [...words, ...flags], {
			cwd: root,
			env: { ...jupyter.environment, JUPYTERLAB_SETTINGS_DIR: join(jupyter.folder, "settings") },
			stdio: "ignore",
		});
		const address = `http://127.0.0.1:${port}`;
		for (let waited = 0; ; waited += 200) {
			const answered = await fetch(`${address}/api/status?token=fovea`).catch(() => undefined);
			if (answered?.ok) break;
			if (waited > patience) throw new Error("test: JupyterLab must answer, got nothing");
			await sleep(200);
		}
		const browser = await launch();
		const context = await browser.newContext({ viewport: { width: 1280, height } });
		context.setDefaultTimeout(patience);
		return new Lab(server, browser, await context.newPage(), address);
	}

	/** Opens a notebook by its address and waits for its kernel. */
	async open(path: string): Promise<void> {
		await this.page.goto(`${this.address}/lab/tree/${path}?token=fovea`);
		await this.page.locator(".jp-NotebookPanel .jp-CodeCell").first().waitFor();
		await this.status("Idle");
	}

	cell(index: number): Locator {
		return this.page.locator(".jp-NotebookPanel .jp-CodeCell").nth(index);
	}

	/** Waits until the status bar says that the kernel is there and in this state. */
	async status(state: "Idle" | "Busy", timeout = patience): Promise<void> {
		await this.page.getByText(`TypeScript (fovea) | ${state}`).waitFor({ timeout });
	}

	async menu(...path: readonly string[]): Promise<void> {
		const [bar = "", item = ""] = path;
		await this.page.locator(".lm-MenuBar-itemLabel", { hasText: new RegExp(`^${bar}$`) }).click();
		await this.page.locator(".lm-Menu-itemLabel", { hasText: new RegExp(`^${item}$`) }).click();
	}

	async stop(): Promise<void> {
		await this.#browser.close();
		this.#server.kill("SIGTERM");
		await new Promise((resolve) =>
			this.#server.exitCode === null ? this.#server.once("exit", resolve) : resolve(undefined),
		);
	}
}
