import type { AddCommand } from "../command-line.ts";

/** `fovea models`: every system of the package with its options, parameters and published numbers. */
export const addModels: AddCommand = (program, line) => {
	program
		.command("models")
		.description("every system: paper, role, options, parameters at the paper's configuration, published numbers")
		.argument("[id]", "one system, with its options and published numbers")
		.action(async (id: string | undefined) => {
			const { startEngine } = await import("../../engine/engine.ts");
			const { allSystems, countNetworks, findSystem } = await import("../systems.ts");
			const { textTable } = await import("../table.ts");
			// Counting makes single zeros: any engine will do, and this one is always there.
			await startEngine({ engine: "wasm" });
			const systems = id === undefined ? await allSystems() : [await findSystem(id, "fovea models")];
			const models = systems.map((system) => {
				const { paper, role, description, options } = system;
				const networks = countNetworks(system);
				const parameters = Object.values(networks).reduce((sum, count) => sum + count, 0);
				const { title, year, citation, url, published } = paper;
				return {
					...{ id: system.id, paper: paper.id, title, year, citation, ...(url === undefined ? {} : { url }) },
					...{ role, description, options, parameters, networks, trains: system.build !== undefined, published },
				};
			});
			const rows = models.map((model) => [
				...[model.id, String(model.year), model.role],
				...[model.parameters.toLocaleString("en"), String(model.published.length)],
			]);
			const columns = ["system", "year", "role", "parameters", "published"];
			const table = textTable({ title: `${models.length} systems`, columns, rows });
			line.answer({ models }, id === undefined ? table : details(models[0] as (typeof models)[number]));
		});
};

interface Model {
	readonly id: string;
	readonly description: string;
	readonly citation: string;
	readonly title: string;
	readonly options: Readonly<Record<string, number | string | boolean>>;
	readonly networks: Readonly<Record<string, number>>;
	readonly published: readonly {
		readonly table: string;
		readonly system: string;
		readonly column: string;
		readonly metric: string;
		readonly value: number;
		readonly spread?: number;
		readonly unverified?: boolean;
	}[];
}

function details({ id, description, title, citation, options, networks, published }: Model): string {
	const numbers = published.map(({ table, system, column, metric, value, spread, unverified }) => {
		const deviation = spread === undefined ? "" : ` ± ${spread}`;
		return `  ${table}, ${system}, ${column}: ${metric} ${value}${deviation}${unverified === true ? " (unverified)" : ""}`;
	});
	return [
		`${id}: ${description}`,
		`${title}. ${citation}`,
		"options:",
		...Object.entries(options).map(([name, value]) => `  ${name} = ${value}`),
		"parameters:",
		...(Object.keys(networks).length === 0 ? ["  none: it is not trained"] : []),
		...Object.entries(networks).map(([name, count]) => `  ${name} ${count.toLocaleString("en")}`),
		...(numbers.length === 0 ? [] : ["published:", ...numbers]),
	].join("\n");
}
