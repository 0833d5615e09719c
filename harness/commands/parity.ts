import type { AddCommand } from "../command-line.ts";
import type { ParityCase } from "../parity.ts";

/** `fovea parity DIR`: our builders against reference numbers made with the systems' own code. */
export const addParity: AddCommand = (program, line) => {
	program
		.command("parity")
		.description("run every model golden (*.safetensors) below a folder against our builders")
		.argument("<dir>", "folder of goldens, one folder per system in it")
		.option("--engine <name>", "tensorflow or wasm")
		.action(async (folder: string, { engine }: { engine?: string }) => {
			const { currentEngine, engineNames, startEngine } = await import("../../engine/engine.ts");
			const { hasNativeKernels } = await import("../../engine/tensorflow/native.ts");
			const { parity } = await import("../parity.ts");
			const chosen = engineNames.find((name) => name === engine);
			if (engine !== undefined && chosen === undefined) {
				throw new RangeError(`--engine: must be ${engineNames.join(" or ")}, got ${engine}`);
			}
			await startEngine(chosen === undefined ? {} : { engine: chosen });
			const cases = parity(folder, { signal: line.signal });
			let next = await cases.next();
			while (!next.done) {
				line.say(sentence(next.value));
				next = await cases.next();
			}
			const { passed, failed, unsupported } = next.value;
			if (failed > 0 && currentEngine().name === "tensorflow" && !hasNativeKernels()) {
				line.say(
					"this TensorFlow has not fovea's kernels (npx fovea engine install): ReLU inputs within rounding of zero may fall on the other side, as in stargan/train_step",
				);
			}
			const rest = unsupported.map(({ file, why }) => `unsupported ${file}: ${why}`);
			line.answer(
				next.value,
				[...rest, `${passed} passed, ${failed} failed, ${unsupported.length} unsupported`].join("\n"),
			);
			if (failed + unsupported.length > 0) line.failed();
		});
};

function sentence({ file, pass, quantities, error }: ParityCase): string {
	if (error !== undefined) return `FAILED ${file}: ${error}`;
	const wrong = quantities.filter((quantity) => !quantity.pass);
	const first = wrong[0];
	if (pass || first === undefined) return `passed ${file}: ${quantities.length} quantities`;
	const { name, relativeError, tolerance } = first;
	const worst = `${name} is off by ${relativeError.toExponential(1)}, allowed ${tolerance.toExponential(1)}`;
	return `FAILED ${file}: ${wrong.length} of ${quantities.length} quantities; ${worst}`;
}
