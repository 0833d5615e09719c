import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { parseReproduction } from "../../harness/reproduce.ts";
import { launch } from "../helpers/browser.ts";
import { fovea } from "../helpers/fovea.ts";
import { writeHostileReproduction } from "../helpers/reproduction.ts";

interface Shared {
	readonly browser: Browser;
	/** Pages of the report kept in the repository, and of one whose every name is hostile. */
	readonly pages: { readonly kept: string; readonly hostile: string };
}

const test = anyTest as TestFn<Shared>;
const kept = new URL("../../../results/cca-gan", import.meta.url).pathname;

test.before(async (t) => {
	const folder = await mkdtemp(join(tmpdir(), "fovea-pages-"));
	await writeHostileReproduction(folder);
	const pages = { kept: join(folder, "kept.html"), hostile: join(folder, "report.html") };
	for (const words of [[kept, "--out", pages.kept], [folder]]) {
		const { code, stderr } = await fovea(["report", ...words, "--quiet"]);
		t.is(code, 0, stderr);
	}
	Object.assign(t.context, { pages, browser: await launch() } satisfies Shared);
});
test.after.always(async (t) => {
	await t.context.browser?.close();
	if (t.context.pages !== undefined) await rm(dirname(t.context.pages.hostile), { recursive: true, force: true });
});

type Context = ExecutionContext<Shared>;

/** Opens the file with the network off; gives what the console and the network said. */
async function open(t: Context, file: string, options: BrowserContextOptions = {}) {
	const context = await t.context.browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
	await context.setOffline(true);
	const page = await context.newPage();
	const said: string[] = [];
	const asked: string[] = [];
	page.on("console", (message) => {
		if (message.type() === "error") said.push(message.text());
	});
	page.on("pageerror", (error) => said.push(error.message));
	page.on("request", (request) => {
		if (!/^(data|blob):/.test(request.url())) asked.push(request.url());
	});
	await page.goto(pathToFileURL(file).href);
	t.teardown(() => context.close());
	return { page, said, asked };
}

/** Opens whatever can be folded out. */
async function openAll(page: Page): Promise<void> {
	await page.evaluate(`for (const details of document.querySelectorAll("details")) details.open = true`);
}

/** Scrolls through the page until every plot is drawn. */
async function drawAll(page: Page): Promise<number> {
	const figures = page.locator("[data-plot]");
	const count = await figures.count();
	for (let index = 0; index < count; index += 1) {
		await figures.nth(index).scrollIntoViewIfNeeded();
		await figures.nth(index).locator(".main-svg").first().waitFor();
	}
	await page.waitForFunction(`document.querySelectorAll("[data-plot]:not([data-drawn])").length === 0`);
	return count;
}

test("a kept report opens offline from one file under 8 MB, and every plot is drawn without a complaint", async (t) => {
	const { kept: file } = t.context.pages;
	t.true((await readFile(file)).length < 8_000_000);
	const { page, said, asked } = await open(t, file);
	const report = parseReproduction(JSON.parse(await readFile(join(kept, "report.json"), "utf8")), "report.json");
	const scores = report.trainings.flatMap((training) => training.scores);
	t.is(await drawAll(page), new Set(scores.map(({ metric }) => metric)).size);
	t.deepEqual(said, []);
	t.deepEqual(asked, [pathToFileURL(file).href]);
	// Every training in five edits, each with its interval.
	const fid = page.locator("[data-plot]").first();
	const points = scores.filter(({ metric }) => metric === "fid").length;
	t.is(points, 5 * report.trainings.length);
	t.is(await fid.locator(".point").count(), points);
	t.is(await fid.locator(".yerror").count(), points);
	for (const verdict of ["held", "not-held", "undecided"]) {
		const count = report.claims.filter((claim) => claim.verdict === verdict).length;
		t.is(await page.locator(`.claim.${verdict}`).count(), count, verdict);
	}
	t.is(await page.locator("#tables table").count(), 2);
});

test("hostile names are shown as they are and do nothing", async (t) => {
	const { page, said } = await open(t, t.context.pages.hostile);
	await drawAll(page);
	await openAll(page);
	await page.locator(".points path").first().hover({ force: true });
	await page.locator(".hovertext").first().waitFor();
	t.true((await page.locator(".hovertext").first().textContent())?.includes("<img src=x"));
	t.not(await page.title(), "stolen");
	t.is(
		await page.locator(`main img[src="x"], main [onmouseover], main [onerror], main a[href^="javascript"]`).count(),
		0,
	);
	// The two of the page, the data, and no more.
	t.is(await page.locator("script").count(), 3);
	t.true((await page.locator(".claim .text").textContent())?.includes("</script><script>"));
	t.deepEqual(said, []);
});

test("a sideways path in a report brings no file of elsewhere into the page", async (t) => {
	const { page } = await open(t, t.context.pages.hostile);
	t.is(await page.locator(".picture").count(), 1);
});

/** The mean red of the left and the right half of the viewer's canvas. */
async function halves(page: Page): Promise<readonly [number, number]> {
	return page.evaluate(`(() => {
		const canvas = document.querySelector(".viewer .panes > canvas");
		const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
		const mean = (from, to) => {
			let sum = 0;
			for (let y = 0; y < height; y += 1) for (let x = from; x < to; x += 1) sum += data[4 * (y * width + x)];
			return sum / (height * (to - from));
		};
		return [mean(20, width / 2), mean(width / 2, width - 20)];
	})()`);
}

test("the viewer's sliders move the overlay over maps, queries, pictures and strengths by keyboard", async (t) => {
	const { page, said } = await open(t, t.context.pages.hostile);
	const viewer = page.locator(".viewer");
	const shown = (text: string) => page.locator(`[data-shown="${text}"]`).waitFor();
	const slider = (name: string) => viewer.getByRole("slider", { name });
	await shown("0 0 1 65");
	// At the second query the map of the first layer is 1 on the right, and 1 is the brightest colour.
	let [left, right] = await halves(page);
	t.true(right > left + 100, `${left} ${right}`);
	await slider("Query").focus();
	await page.keyboard.press("ArrowLeft");
	await shown("0 0 0 65");
	[left, right] = await halves(page);
	t.true(left > right + 100, `${left} ${right}`);
	t.is(await slider("Query").getAttribute("aria-valuetext"), "at 25 %");
	await slider("Picture").press("ArrowRight");
	await shown("1 0 0 65");
	[left, right] = await halves(page);
	t.true(right > left + 100, `${left} ${right}`);
	await slider("Map").press("End");
	await shown("1 1 0 65");
	t.is(await slider("Query").getAttribute("aria-valuetext"), "the same for all");
	await slider("Overlay").press("Home");
	await shown("1 1 0 0");
	// Without an overlay the picture itself is left: grey 100.
	t.deepEqual((await halves(page)).map(Math.round), [100, 100]);
	t.regex((await viewer.locator("canvas").first().getAttribute("aria-label")) ?? "", /mask, over picture 2/);
	t.deepEqual(said, []);
});

test("a picture is looked into by keyboard, enlarged, and closed", async (t) => {
	const { page } = await open(t, t.context.pages.hostile);
	await page.locator(".picture button").focus();
	await page.keyboard.press("Enter");
	const dialog = page.locator("dialog[open]");
	await dialog.waitFor();
	const width = async () => (await dialog.locator("img").boundingBox())?.width ?? 0;
	const before = await width();
	await page.keyboard.press("+");
	t.true(Math.abs((await width()) / before - 1.5) < 0.02);
	await page.keyboard.press("Escape");
	t.is(await page.locator("dialog[open]").count(), 0);
	t.true(await page.evaluate(`document.activeElement === document.querySelector(".picture button")`));
});

test("without scripts the numbers, plots, maps and pictures are there", async (t) => {
	const { page } = await open(t, t.context.pages.hostile, { javaScriptEnabled: false });
	t.is(await page.locator(".drawing > svg").count(), 3);
	t.is(await page.locator(".stills img").count(), 4);
	t.is(await page.locator(".picture img").count(), 1);
	t.true(await page.locator(".claim").first().isVisible());
	t.is((await page.locator("#numbers tbody tr").count()) >= 4, true);
	t.is(await page.locator("button").count(), 0);
});

const accessible = test.macro(async (t: Context, options: BrowserContextOptions) => {
	const { page } = await open(t, t.context.pages.hostile, { ...options, bypassCSP: true });
	await drawAll(page);
	await openAll(page);
	await page.addScriptTag({ path: createRequire(import.meta.url).resolve("axe-core") });
	const violations = await page.evaluate(`(async () => {
		const { violations } = await axe.run();
		return violations.map(({ id, nodes }) => id + ": " + nodes[0].html + " " + nodes[0].failureSummary);
	})()`);
	t.deepEqual(violations, []);
	// Nothing but tables and the like, which scroll in themselves, is wider than the window.
	t.true(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
});

test("axe finds nothing to mend in the light", accessible, { colorScheme: "light" });
test("axe finds nothing to mend in the dark", accessible, { colorScheme: "dark" });
test("axe finds nothing to mend on a telephone", accessible, { viewport: { width: 390, height: 800 } });

test("the theme follows the system, and the button changes it with the plots", async (t) => {
	const { page } = await open(t, t.context.pages.hostile, { colorScheme: "dark" });
	await drawAll(page);
	const ground = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
	const tick = "getComputedStyle(document.querySelector('.ytick text')).fill";
	t.not(await ground(), "rgb(255, 255, 255)");
	const before = await page.evaluate(tick);
	await page.getByRole("button", { name: "Use the light theme" }).click();
	t.is(await ground(), "rgb(255, 255, 255)");
	await page.waitForFunction(`${tick} !== ${JSON.stringify(before)}`);
});
