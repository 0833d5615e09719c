import { inspect } from "node:util";
import type { Bundle } from "./messages.ts";
import { isTensor, tensorBundle } from "./tensor.ts";

/** How any value becomes a MIME bundle. */

/** An object with this method renders itself: it returns a bundle, or a promise of one. */
export const DISPLAY = Symbol.for("Jupyter.display");

export interface Displayable {
	[DISPLAY](): Bundle | Promise<Bundle>;
}

export function isDisplayable(value: unknown): value is Displayable {
	return (
		((typeof value === "object" && value !== null) || typeof value === "function") &&
		typeof (value as Partial<Displayable>)[DISPLAY] === "function"
	);
}

/** A value as text, as a reader wants to see it. */
function textOf(value: unknown): string {
	return inspect(value, { depth: 4, maxArrayLength: 100, maxStringLength: 20_000, breakLength: 100 });
}

/** The bundle of a value: its own when it has one, text otherwise; a promise only when its own is one. */
export function bundleOf(value: unknown): Bundle | Promise<Bundle> {
	if (!isDisplayable(value))
		return isTensor(value) ? encodeBytes(tensorBundle(value)) : { "text/plain": textOf(value) };
	const bundle = value[DISPLAY]();
	return bundle instanceof Promise ? bundle.then(checked) : checked(bundle);
}

function checked(bundle: unknown): Bundle {
	if (typeof bundle !== "object" || bundle === null)
		throw new TypeError(`Jupyter.display: must return a MIME bundle, got ${inspect(bundle)}`);
	return encodeBytes(bundle as Bundle);
}

/** Pictures may be given as bytes; on the wire they are base64. */
export function encodeBytes(bundle: Bundle): Bundle {
	return Object.fromEntries(
		Object.entries(bundle).map(([type, data]) => [
			type,
			data instanceof Uint8Array ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") : data,
		]),
	);
}
