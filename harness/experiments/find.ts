/** Finds an experiment by the id of its paper, or of one of the systems it compares. */
import type { Paper } from "../../models/paper.ts";
import { didYouMean } from "../suggest.ts";
import type { Experiment, PresetName } from "./experiment.ts";
import { presetNames } from "./experiment.ts";

const experiments: Readonly<Record<string, () => Promise<{ readonly experiment: Experiment }>>> = {
	"aga-gan": () => import("./aga-gan.ts"),
	"attention-gan": () => import("./attention-gan.ts"),
	"cca-gan": () => import("./cca-gan.ts"),
	"sag-gan": () => import("./sag-gan.ts"),
	fasrgan: () => import("./fasrgan.ts"),
};

/** Ids of the papers that can be reproduced. */
export const paperIds = Object.keys(experiments);

/** The experiment of paper `id`. Throws, listing what there is. */
export async function findExperiment(id: string): Promise<Experiment> {
	const load = experiments[id];
	if (load === undefined) {
		throw new RangeError(`reproduce: paper must be one of ${paperIds.join(", ")}, got ${didYouMean(id, paperIds)}`);
	}
	return (await load()).experiment;
}

/** The paper of a report; undefined for one that this version does not reproduce. */
export async function paperOf(id: string): Promise<Paper | undefined> {
	return (await experiments[id]?.())?.experiment.paper;
}

/** The experiment that compares system `id`: that of `paper`, or the first. Throws, listing what there is. */
export async function experimentOf(id: string, paper?: string): Promise<Experiment> {
	const all = await Promise.all((paper === undefined ? paperIds : [paper]).map(findExperiment));
	const found = all.find(({ systems }) => systems.includes(id));
	if (found !== undefined) return found;
	const known = [...new Set(all.flatMap(({ systems }) => systems))];
	throw new RangeError(`train: system must be one of ${known.join(", ")}, got ${didYouMean(id, known)}`);
}

/** A preset by name. */
export function presetOf(name: string): PresetName {
	const found = presetNames.find((preset) => preset === name);
	if (found !== undefined) return found;
	throw new RangeError(`--preset: must be one of ${presetNames.join(", ")}, got ${didYouMean(name, presetNames)}`);
}

/** A whole number from an option's text. */
export function wholeNumber(option: string, text: string, least = 0): number {
	const value = Number(text);
	if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
	throw new RangeError(`${option}: must be a whole number from ${least}, got ${text}`);
}
