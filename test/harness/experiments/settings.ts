import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { presets as agaGan } from "../../../harness/experiments/aga-gan.ts";
import { presets as attentionGan } from "../../../harness/experiments/attention-gan.ts";
import { presets as ccaGan } from "../../../harness/experiments/cca-gan.ts";
import { presets as fasrgan } from "../../../harness/experiments/fasrgan.ts";
import { experimentOf, findExperiment, paperIds } from "../../../harness/experiments/find.ts";
import { presets as sagGan } from "../../../harness/experiments/sag-gan.ts";
import { refuseSettings, replaced } from "../../../harness/experiments/settings.ts";
import { onEngines } from "../../helpers/engines.ts";
import { fovea } from "../../helpers/fovea.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

const presets: Readonly<Record<string, Readonly<Record<string, object>>>> = {
	...{ "aga-gan": agaGan, "attention-gan": attentionGan, "cca-gan": ccaGan, "sag-gan": sagGan, fasrgan },
};

/** Numbers of a preset by place, `networks.width`. */
function leaves(value: object, before = ""): Map<string, number> {
	const found = new Map<string, number>();
	for (const [key, inner] of Object.entries(value)) {
		if (typeof inner === "number") found.set(`${before}${key}`, inner);
		else if (typeof inner === "object") for (const leaf of leaves(inner, `${before}${key}.`)) found.set(...leaf);
	}
	return found;
}

for (const paper of paperIds) {
	test(`every number of ${paper} that can be set is one of a preset's, and setting it changes no other`, async (t) => {
		const { systems, settable } = await findExperiment(paper);
		const known = new Set(Object.values(presets[paper] ?? {}).flatMap((preset) => [...leaves(preset).keys()]));
		const before = leaves(presets[paper]?.["smoke"] ?? {});
		for (const system of systems) {
			for (const [name, { place, isWhole }] of Object.entries(settable(system))) {
				const path = place.join(".");
				t.true(known.has(path), `${system} ${path}`);
				const value = isWhole ? 3 : 0.75;
				const after = leaves(replaced(presets[paper]?.["smoke"] ?? {}, settable(system), { [name]: value }));
				t.deepEqual(after, new Map([...before, [path, value]]), `${system} ${name}`);
			}
		}
	});
}

test.serial("a width that is set is built, in every experiment", async (t) => {
	const widths = {
		...{ "cca-gan": "gConvDim", "attention-gan": "ngf", "aggan-no-tv": "blocks", "sag-gan": "ngf", pggan: "latent" },
		...{ "resnet-without-augmentation": "width", esrgan: "width", "fs-srgan-psnr": "eBlocks", fasrgan: "dHead" },
		...{ "aga-gan": "width" },
	};
	await onEngines(async () => {
		for (const paper of paperIds) {
			const { systems, training } = await findExperiment(paper);
			for (const system of systems.filter((id) => id in widths)) {
				const name = widths[system as keyof typeof widths];
				const count = async (set: Readonly<Record<string, number>>) => {
					const { gan, settings } = await training(system, { preset: "smoke", seed: 1, set });
					if (name in set) t.is(settings[name], set[name]);
					const sum = Object.values(gan.networks).reduce((sum, network) => sum + network.count(), 0);
					gan[Symbol.dispose]();
					return sum;
				};
				t.true((await count({ [name]: 24 })) > (await count({})), `${system} ${name}`);
			}
		}
	});
});

test("train keeps what was set, and refuses to go on with other numbers", async (t) => {
	const out = join(await temporaryFolder(t), "training");
	const train = (set: readonly string[], ...words: readonly string[]) =>
		fovea([
			...["train", "aggan", "--steps", "1", "--out", out, "--quiet", ...words],
			...set.flatMap((one) => ["--set", one]),
		]);
	const first = await train(["poolSize=3", "ngf=4"]);
	t.is(first.code, 0, first.stderr);
	const { settings } = JSON.parse(await readFile(join(out, "training.json"), "utf8"));
	t.like(settings, { poolSize: 3, ngf: 4 });
	const other = await train(["poolSize=4", "ngf=4"], "--resume");
	t.is(other.code, 2);
	t.regex(other.stderr, /poolSize/);
	const bad = await train(["poolSize=half"]);
	t.is(bad.code, 2);
	t.regex(bad.stderr, /^(fovea: )?--set: must be name=number, got poolSize=half\n$/);
});

const refused = test.macro(async (t, system: string, set: Readonly<Record<string, number>>, message: RegExp) => {
	const { settable } = await experimentOf(system);
	t.throws(() => refuseSettings(settable(system), set, "--set"), { instanceOf: RangeError, message });
});

test(
	"an unknown number is refused with those there are",
	refused,
	"sag-gan",
	{ lr: 1 },
	/^--set: must be one of imageSize, .*got lr$/,
);
test(
	"half a picture is refused",
	refused,
	"esrgan",
	{ batchSize: 1.5 },
	/^--set: batchSize must be a whole number from 1, got 1.5$/,
);
test(
	"a share above one is refused",
	refused,
	"cyclegan",
	{ decayOver: 2 },
	/: decayOver must be a number from 0 to 1, got 2$/,
);
test(
	"the U-Net has numbers of its own",
	refused,
	"dual-attention-unet",
	{ warmUp: 1 },
	/: must be one of .*unetWidth.*got warmUp$/,
);
