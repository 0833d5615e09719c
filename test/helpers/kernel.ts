import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { TestFn } from "ava";
import { KernelClient, type KernelOptions, type Reply } from "../../kernel/client.ts";
import type { Message } from "../../kernel/messages.ts";

/** One kernel for all tests of a file, in a folder of its own; starting one takes seconds. */
export function kernelFor(
	test: TestFn,
	options: Partial<KernelOptions> = {},
): { readonly kernel: KernelClient; readonly folder: string } {
	const folder = mkdtempSync(join(tmpdir(), "fovea-kernel-"));
	let started: KernelClient | undefined;
	test.before(async (t) => {
		t.timeout(300_000);
		started = await KernelClient.start({ folder, patience: 120_000, ...options });
		await started.execute("");
	});
	test.after.always(async () => {
		await started?.shutdown();
		rmSync(folder, { recursive: true, force: true });
	});
	return {
		folder,
		get kernel() {
			if (!started) throw new Error("test: the kernel has not started");
			return started;
		},
	};
}

export function ofType({ published }: Reply, type: string): Message[] {
	return published.filter((message) => message.header.msg_type === type);
}

/** Everything a cell printed on one stream. */
export function printed(reply: Reply, name = "stdout"): string {
	return ofType(reply, "stream")
		.filter(({ content }) => content["name"] === name)
		.map(({ content }) => content["text"])
		.join("");
}

/** The text of a cell's value. */
export function value(reply: Reply): unknown {
	return (ofType(reply, "execute_result")[0]?.content["data"] as Record<string, unknown> | undefined)?.["text/plain"];
}

/** The error of a cell, without colours. */
export function failure(reply: Reply): { readonly ename: string; readonly evalue: string; readonly traceback: string } {
	const { ename, evalue, traceback } = reply.reply.content as { ename?: string; evalue?: string; traceback?: string[] };
	const plain = stripVTControlCharacters((traceback ?? []).join("\n"));
	return { ename: ename ?? "", evalue: evalue ?? "", traceback: plain };
}

export function sleep(milliseconds: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
