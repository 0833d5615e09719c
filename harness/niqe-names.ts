/** NIQE's model from the file of another program, or the package's own. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { PairedMetric } from "../metrics/metric.ts";
import { type NiqeOptions, niqe } from "../metrics/niqe.ts";
import { readArray } from "./arrays.ts";

/** `file` is an .npz with mu_pris_param, cov_pris_param and gaussian_window, as BasicSR publishes the authors' model. */
export async function niqeNamed(
	file: string | undefined,
	options: Omit<NiqeOptions, "parameters">,
): Promise<PairedMetric> {
	if (file === undefined) return niqe(options);
	const read = async (name: string, size: number): Promise<Float64Array> => {
		const { shape, values } = await readArray(`${file}#${name}`);
		if (values.length !== size) {
			throw new RangeError(`--niqe: ${file}#${name} must hold ${size} numbers, got [${shape}]`);
		}
		return Float64Array.from(values);
	};
	const mean = await read("mu_pris_param", 36);
	const covariance = await read("cov_pris_param", 36 * 36);
	const window = await read("gaussian_window", 49);
	const sha256 = createHash("sha256")
		.update(await readFile(file))
		.digest("hex");
	return niqe({ ...options, parameters: { name: `sha256:${sha256}`, mean, covariance, window } });
}
