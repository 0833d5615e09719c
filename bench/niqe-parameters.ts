/**
 * Fits NIQE's model on the free photographs of FOVEA_DATA/free and writes fixtures/niqe/parameters.json.
 *
 *     node build/bench/niqe-parameters.js
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readPicture } from "../harness/pictures.ts";
import { fitNiqe } from "../metrics/niqe.ts";

const names = ["astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass", "gravel"];
const folder = join(process.env["FOVEA_DATA"] ?? ".", "free");
const pictures = await Promise.all(
	[...names.map((name) => `${name}.png`), "retina.jpg", "rocket.jpg"].map((name) =>
		readPicture(join(folder, name), { channels: "own" }),
	),
);
const parameters = fitNiqe("fovea, ten free photographs of scikit-image, blocks of 96 every 32", pictures, {
	step: 32,
});
const rounded = (values: Float64Array): number[] => Array.from(values, (value) => Number(value.toPrecision(12)));
const { name, mean, covariance } = parameters;
await writeFile(
	join("fixtures", "niqe", "parameters.json"),
	`${JSON.stringify({ name, mean: rounded(mean), covariance: rounded(covariance) })}\n`,
);
