import { type Bundle, DISPLAY, display } from "./display.ts";
import { figure, type Mark } from "./figure.ts";

/** Long work seen from a notebook: a bar that fills, and curves that grow. */

/** What one event of the work says. `train` of this package yields events of this form. */
export interface ProgressEvent {
	readonly step: number;
	readonly steps: number;
	/** Curves to draw, by name. */
	readonly losses?: Readonly<Record<string, number>>;
}

export interface FollowOptions {
	readonly label?: string;
	/** Milliseconds between two drawings. @default 500 */
	readonly every?: number;
	/** Draw the losses. @default true */
	readonly curves?: boolean;
}

/** Points of a curve that are drawn; longer ones are thinned. */
const MOST_POINTS = 500;

function bar(label: string, event: ProgressEvent, seconds: number) {
	const share = event.steps > 0 ? event.step / event.steps : 0;
	const left = share > 0 ? (seconds * (1 - share)) / share : Number.NaN;
	const time = `${seconds.toFixed(0)} s${Number.isFinite(left) && share < 1 ? `, ${left.toFixed(0)} s left` : ""}`;
	const losses = Object.entries(event.losses ?? {}).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
	const text = [`${label} ${event.step}/${event.steps} (${Math.floor(100 * share)} %)`, time, ...losses].join(" · ");
	const safe = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
	const html = `<progress value="${event.step}" max="${event.steps}" style="width:320px"></progress> <span>${safe}</span>`;
	return { [DISPLAY]: (): Bundle => ({ "text/html": html, "text/plain": text }) };
}

function thin(values: readonly number[]): number[] {
	const step = Math.ceil(values.length / MOST_POINTS);
	return values.filter((_, index) => index % step === 0 || index === values.length - 1);
}

function drawCurves(steps: readonly number[], curves: ReadonlyMap<string, readonly number[]>) {
	const marks = [...curves].map(([name, values]): Mark => ({ kind: "line", x: thin(steps), y: thin(values), name }));
	return figure(marks, { x: { label: "step" }, y: { label: "loss" }, height: 300 });
}

/**
 * Passes the events of `work` on and shows them on the way: `for await (const event of follow(train(…)))`, or
 * `await finish(follow(train(…)))` when the events themselves are not needed.
 */
export async function* follow<Event extends ProgressEvent>(
	work: AsyncIterable<Event> | Iterable<Event>,
	options: FollowOptions = {},
): AsyncGenerator<Event, void, void> {
	const { label = "step", every = 500, curves = true } = options;
	const started = performance.now();
	const steps: number[] = [];
	const drawn = new Map<string, number[]>();
	let shown: ReturnType<typeof display> | undefined;
	let picture: ReturnType<typeof display> | undefined;
	let last = -Infinity;
	let latest: Event | undefined;
	const draw = (event: Event) => {
		last = performance.now();
		const value = bar(label, event, (last - started) / 1000);
		shown = shown ? shown.update(value) : display(value);
		if (!curves || drawn.size === 0 || steps.length < 2) return;
		const chart = drawCurves(steps, drawn);
		picture = picture ? picture.update(chart) : display(chart);
	};
	for await (const event of work) {
		latest = event;
		const losses = Object.entries(event.losses ?? {});
		// A curve that begins late or pauses has gaps, drawn as such.
		steps.push(event.step);
		for (const [name] of losses) if (!drawn.has(name)) drawn.set(name, Array(steps.length - 1).fill(Number.NaN));
		for (const [name, values] of drawn) values.push(event.losses?.[name] ?? Number.NaN);
		if (performance.now() - last >= every) draw(event);
		yield event;
	}
	if (latest) draw(latest);
}

/** Runs `work` to its end. @returns Its last event. */
export async function finish<Event>(work: AsyncIterable<Event>): Promise<Event | undefined> {
	let latest: Event | undefined;
	for await (const event of work) latest = event;
	return latest;
}
