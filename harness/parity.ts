/** Runs every model golden below a folder against our builders, as `fovea parity` does. */
import { readdir } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { agagan } from "./parity/agagan.ts";
import { attentionganV1 } from "./parity/attentiongan-v1.ts";
import { attentionganV1Multi } from "./parity/attentiongan-v1-multi.ts";
import { attentionganV2 } from "./parity/attentiongan-v2.ts";
import { ccagan } from "./parity/ccagan.ts";
import { compareResult, isResult, type Quantity, type Results } from "./parity/compare.ts";
import { cyclegan } from "./parity/cyclegan.ts";
import { extractors } from "./parity/extractors.ts";
import { esrgan, fafssrgan, fasrgan, fssrgan, srgan } from "./parity/fasrgan.ts";
import { type Golden, readGolden, UnsupportedError } from "./parity/golden.ts";
import { losses } from "./parity/losses.ts";
import { msggan } from "./parity/msggan.ts";
import { pggan } from "./parity/pggan.ts";
import { resnet18 } from "./parity/resnet18.ts";
import { sagan } from "./parity/sagan.ts";
import { saggan } from "./parity/saggan.ts";
import { stargan } from "./parity/stargan.ts";
import type { ParitySystem, RunPart } from "./parity/system.ts";
import { uaggan } from "./parity/uaggan.ts";

export interface ParityCase {
	/** Path below the folder that was given. */
	readonly file: string;
	readonly system: string;
	readonly part: string;
	readonly quantities: readonly Quantity[];
	readonly pass: boolean;
	/** Where it could not be run to its end. */
	readonly error?: string;
}

export interface ParityReport {
	readonly cases: readonly ParityCase[];
	readonly passed: number;
	readonly failed: number;
	/** Files that no builder of ours fits; they count neither as passed nor as failed. */
	readonly unsupported: readonly { readonly file: string; readonly why: string }[];
}

/** By the name of the goldens' folder. */
const systems: Readonly<Record<string, ParitySystem>> = {
	agagan,
	attentiongan_v1: attentionganV1,
	attentiongan_v1_multi: attentionganV1Multi,
	attentiongan_v2: attentionganV2,
	ccagan,
	cyclegan,
	esrgan,
	extractors,
	fafssrgan,
	fasrgan,
	fssrgan,
	losses,
	msggan,
	pggan,
	resnet18,
	sagan,
	saggan,
	srgan,
	stargan,
	uaggan,
};

/** Runs all goldens below `folder`, in order of their paths; yields each case, and returns the report. */
export async function* parity(
	folder: string,
	{ signal }: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<ParityCase, ParityReport, void> {
	const files = await goldens(folder);
	if (files.length === 0) throw new RangeError(`parity: ${folder} must hold .safetensors files, got none`);
	const cases: ParityCase[] = [];
	const unsupported: { file: string; why: string }[] = [];
	for (const file of files) {
		signal?.throwIfAborted();
		const path = relative(folder, file);
		const outcome = await runFile(file, path);
		if ("why" in outcome) {
			unsupported.push(outcome);
		} else {
			cases.push(outcome);
			yield outcome;
		}
	}
	const passed = cases.filter(({ pass }) => pass).length;
	return { cases, passed, failed: cases.length - passed, unsupported };
}

async function runFile(file: string, path: string): Promise<ParityCase | { file: string; why: string }> {
	const given = await readGolden(file);
	const { system, part } = given;
	const known = systems[system];
	if (known === undefined) return { file: path, why: `no builder for the folder ${system}` };
	const run = partOf(known, part);
	if (run === undefined) return { file: path, why: `no part of ${system} is called ${part}` };
	try {
		const golden = known.rename?.(given) ?? given;
		const quantities = compareAll(golden, run(golden), known);
		const pass = quantities.every((quantity) => quantity.pass);
		const unread = golden.config.unread();
		// Numbers that agree show that a setting is met; where they do not, one that no builder knows is why.
		if (!pass && unread.length > 0) {
			return {
				file: path,
				why: `config.${unread.join(", config.")} must be one that a builder knows, and results differ`,
			};
		}
		return { file: path, system, part, quantities, pass };
	} catch (error) {
		if (error instanceof UnsupportedError) return { file: path, why: error.message };
		return { file: path, system, part, quantities: [], pass: false, error: (error as Error).message };
	}
}

function compareAll(
	golden: Golden,
	results: Results,
	{ firstChannels = {}, closeness: own }: ParitySystem,
): Quantity[] {
	const closeness = typeof own === "function" ? own(golden) : own;
	const names = [...golden.tensors.keys()].filter(isResult);
	if (names.length === 0) throw new UnsupportedError("file must hold results to compare, got none");
	const quantities = names.flatMap((name) => {
		const channels = firstChannels[name];
		const isNoise = golden.noise.has(name);
		if (isNoise && channels === undefined) return [];
		const options = { closeness, channels: isNoise ? channels : undefined };
		return [compareResult(golden, name, results.get(name), options)];
	});
	if (quantities.length === 0)
		throw new UnsupportedError("file must hold results that rounding does not decide, got none");
	return quantities;
}

/** The part of the longest name that `part` equals or continues after an underscore. */
function partOf(system: ParitySystem, part: string): RunPart | undefined {
	const fitting = Object.keys(system.parts).filter((name) => part === name || part.startsWith(`${name}_`));
	const longest = fitting.sort((a, b) => b.length - a.length)[0];
	return longest === undefined ? undefined : system.parts[longest];
}

/** Every .safetensors file below, in order of paths, without those in folders called `metrics`. */
async function goldens(folder: string): Promise<string[]> {
	const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
		(error: NodeJS.ErrnoException) => {
			const got = { ENOENT: "nothing of that name", ENOTDIR: "a file" }[error.code ?? ""] ?? error.code;
			throw new RangeError(`parity: ${folder} must be a folder of goldens, got ${got}`);
		},
	);
	return entries
		.filter((entry) => entry.isFile() && entry.name.endsWith(".safetensors"))
		.map((entry) => join(entry.parentPath, entry.name))
		.filter((path) => basename(dirname(path)) !== "metrics")
		.sort();
}
