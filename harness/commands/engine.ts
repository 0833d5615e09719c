import type { InstallProgress } from "../../engine/tensorflow/install.ts";
import type { Installation } from "../../engine/tensorflow/installation.ts";
import type { AddCommand, CommandLine } from "../command-line.ts";
import { duration } from "../progress.ts";

/** `fovea engine`: which engine computes and why; `install` builds the TensorFlow engine, `remove` takes it away. */
export const addEngine: AddCommand = (program, line) => {
	const engine = program.command("engine").description("which engine computes, and why; install or remove TensorFlow");
	engine.action(async () => {
		const { startEngine } = await import("../../engine/engine.ts");
		const { measureGflops } = await import("../../engine/speed.ts");
		const { name, version, why } = await startEngine();
		const gflops = await measureGflops();
		const text = [
			`${name} ${version}, ${gflops.toFixed(1)} GFLOP/s (3 × 3 convolution)`,
			...why.map((reason) => `  ${reason}`),
		];
		line.answer({ engine: name, version, gflops, why }, text.join("\n"));
	});
	engine
		.command("install")
		.description("build the TensorFlow engine: two to ten times faster than WASM")
		.option("--gpu", "TensorFlow's CUDA build, with NVIDIA's libraries")
		.option("--from <path>", "a tensorflow package folder, a site-packages folder or a wheel, instead of a download")
		.action(async ({ gpu, from }: { gpu?: true; from?: string }) => {
			const { installEngine } = await import("../../engine/tensorflow/install.ts");
			const started = performance.now();
			const steps = installEngine({ gpu: gpu ?? false, ...(from === undefined ? {} : { from }), signal: line.signal });
			const { folder, manifest, fresh } = await follow(steps, line);
			const seconds = (performance.now() - started) / 1000;
			const { tensorflow, device, source } = manifest;
			line.answer(
				{ engine: "tensorflow", version: tensorflow, device, source, folder, seconds },
				`TensorFlow ${tensorflow} (${device}) ${fresh ? `was installed in ${duration(seconds)}` : "is installed already"}, ${folder}`,
			);
		});
	engine
		.command("remove")
		.description("delete the TensorFlow engine from the cache")
		.action(async () => {
			const { removeEngine } = await import("../../engine/tensorflow/install.ts");
			const removed = await last(removeEngine(line.signal), line);
			line.answer(
				{ removed },
				removed ? "the TensorFlow engine was removed" : "there is no TensorFlow engine to remove",
			);
		});
};

async function last<T>(steps: AsyncGenerator<InstallProgress, T>, line: CommandLine): Promise<T> {
	let step = await steps.next();
	while (!step.done) {
		line.say(step.value.text);
		step = await steps.next();
	}
	return step.value;
}

/** Shows the steps of an installation; `fresh` says whether there was anything to do. */
async function follow(
	steps: AsyncGenerator<InstallProgress, Installation>,
	line: CommandLine,
): Promise<Installation & { readonly fresh: boolean }> {
	using bar = line.progress("engine install");
	let said = "";
	let step = await steps.next();
	while (!step.done) {
		const { text, done, total } = step.value;
		if (text !== said) line.say(text);
		said = text;
		if (done !== undefined && total !== undefined) {
			bar.update({ done: Math.round(Math.min(done, total) / 1e6), total: Math.round(total / 1e6), text: "MB" });
		}
		step = await steps.next();
	}
	return { ...step.value, fresh: said !== "" };
}
