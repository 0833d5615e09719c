import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import type { Bench, Figure } from "./bench.ts";

/** Every bench by name; each is loaded only when it runs. */
const benches: Readonly<Record<string, () => Promise<{ bench: Bench }>>> = {
	"stargan-step": () => import("./stargan-step.ts"),
	"attention-gan-step": () => import("./attention-gan-step.ts"),
	inception: () => import("./inception.ts"),
	"evaluate-memory": () => import("./evaluate-memory.ts"),
	gate: () => import("./gate.ts"),
	"fasrgan-step": () => import("./fasrgan-step.ts"),
	distributions: () => import("./distributions.ts"),
	ssim: () => import("./ssim.ts"),
	kernel: () => import("./kernel.ts"),
	"kernel-session": () => import("./kernel/session.ts"),
	"kernel-notebook": () => import("./kernel/notebook.ts"),
	"kernel-suite": () => import("./kernel/suite.ts"),
	"kernel-protocol": () => import("./kernel/protocol.ts"),
	"kernel-transport": () => import("./kernel-transport.ts"),
	"interval-coverage": () => import("./interval-coverage.ts"),
};

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		json: { type: "boolean", default: false },
		list: { type: "boolean", default: false },
		// Only figures whose name holds this text, where a bench can do them apart.
		row: { type: "string", default: "" },
	},
});
const unknown = positionals.find((name) => !Object.hasOwn(benches, name));
if (unknown !== undefined) {
	process.stderr.write(`bench: must be one of ${Object.keys(benches).join(", ")}, got ${unknown}\n`);
	process.exit(2);
}
const chosen = positionals.length > 0 ? positionals : Object.keys(benches);

if (values.list) {
	for (const name of chosen) {
		const { bench } = await (benches[name] as (typeof benches)[string])();
		console.log(`${name.padEnd(20)} ${bench.about}`);
	}
	process.exit(0);
}

const figures: (Figure & { readonly bench: string })[] = [];
for (const name of chosen) {
	const { bench } = await (benches[name] as (typeof benches)[string])();
	if (!values.json) console.log(`\n${name}: ${bench.about}\n${row("", "ours", "rival", "ratio", "target", "")}`);
	const report = (figure: Figure) => {
		figures.push({ bench: name, ...figure });
		if (!values.json) console.log(line(figure));
	};
	await bench.run(report, (figure) => figure.includes(values.row));
}
if (values.json)
	console.log(JSON.stringify({ node: process.version, cpus: availableParallelism(), figures }, null, "\t"));
// The addon and WASM keep threads alive.
process.exit(figures.every(({ pass }) => pass) ? 0 : 1);

function line({ name, ours, rival, ratio, unit, target, pass }: Figure): string {
	const number = (value: number | undefined) => (value === undefined ? "" : `${value.toPrecision(4)} ${unit}`);
	return row(name, number(ours), number(rival), ratio?.toFixed(2) ?? "", target, pass ? "pass" : "FAIL");
}

function row(name: string, ...cells: string[]): string {
	return [name.padEnd(56), ...cells.map((cell) => cell.padStart(14))].join(" ");
}
