import { readFileSync } from "node:fs";
import test from "ava";
import { startEngine } from "../../engine/engine.ts";
import { Parameters } from "../../engine/parameters.ts";
import { allSystems, countNetworks, findSystem, systemsByFile } from "../../harness/systems.ts";
import type { Network, Options } from "../../models/system.ts";

interface Count {
	readonly system: string;
	/** Where they differ from the card's. */
	readonly options?: Options;
	/** Its prefix, or those of several: `G+D`. */
	readonly network: string;
	/** What the names of the parameters begin with, where a part of the network is meant. */
	readonly under?: string;
	readonly parameters: number;
	/** The network in words. */
	readonly place: string;
}

const { counts } = JSON.parse(readFileSync("fixtures/papers/parameter-counts.json", "utf8")) as { counts: Count[] };

test.before(() => startEngine({ engine: "wasm" }));

test("every file of models/ exports at least one card", async (t) => {
	const empty = [...(await systemsByFile())].filter(([, systems]) => systems.length === 0).map(([file]) => file);
	t.deepEqual(empty, []);
});

test("every id is used once, and is written in lower-kebab", async (t) => {
	const ids = (await allSystems()).map(({ id }) => id);
	t.deepEqual(
		ids.filter((id, index) => ids.indexOf(id) !== index),
		[],
	);
	for (const id of ids) t.regex(id, /^[a-z0-9]+(-[a-z0-9]+)*$/);
});

test("every card describes itself, counts at its own options, and refuses an option that it lacks", async (t) => {
	for (const system of await allSystems()) {
		t.regex(system.description, /^\S.*\.$/, system.id);
		t.true(system.paper.title.length > 0 && system.paper.year > 1990, system.id);
		const networks = countNetworks(system);
		// What has nothing to train can be applied as it is.
		t.is(Object.keys(networks).length === 0, system.apply !== undefined, system.id);
		for (const [name, count] of Object.entries(networks)) t.true(count > 0, `${system.id} ${name}`);
		t.throws(() => system.networks({ nonsense: 1 }), { message: new RegExp(`^${system.id}: option must be one of`) });
	}
});

test("what a card builds has the networks that it counts, at the same options", async (t) => {
	for (const system of await allSystems()) {
		if (system.build === undefined) continue;
		const options = narrowed(system.options);
		using gan = system.build(options);
		const built = Object.entries(gan.networks).map(([name, parameters]) => [name, parameters.count()]);
		t.deepEqual(Object.fromEntries(built), countNetworks(system, options), system.id);
	}
});

for (const { system, options = {}, network, under = "", parameters, place } of counts) {
	const given = Object.entries(options).map(([name, value]) => `, ${name} ${value}`);
	const where = `${system}${given.join("")}: ${network}${under === "" ? "" : `, ${under}`}`;
	test(`${place} has ${parameters.toLocaleString("en")} parameters (${where})`, async (t) => {
		const networks = (await findSystem(system, "counts")).networks(options);
		const shapes = network.split("+").flatMap((name) => Parameters.describe(networks[name] as Network));
		const counted = shapes.filter(({ name, trainable }) => trainable && name.startsWith(under));
		t.is(
			counted.reduce((sum, { size }) => sum + size, 0),
			parameters,
		);
	});
}

/** Options with an eighth of every width, so that a whole system is built in a moment. */
function narrowed(options: Options): Options {
	const width = /(dim|ngf|ndf|nf|width|latent|fmap|feature)/i;
	const narrow = ([name, value]: [string, number | string | boolean]) =>
		typeof value === "number" && value >= 32 && width.test(name) ? [name, value / 8] : [name, value];
	return Object.fromEntries(Object.entries(options).map(narrow));
}
