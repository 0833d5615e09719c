import type { Bench } from "./bench.ts";
import { bench as notebook } from "./kernel/notebook.ts";
import { bench as protocol } from "./kernel/protocol.ts";
import { bench as session } from "./kernel/session.ts";
import { bench as suite } from "./kernel/suite.ts";

/** The four parts one after another; each is a bench of its own as well, and none takes much over three minutes. */
export const bench: Bench = {
	about: "kernel-session, kernel-notebook, kernel-suite and kernel-protocol, whose tables go to docs/kernel.md",
	async run(report, wants) {
		for (const part of [session, notebook, suite, protocol]) await part.run(report, wants);
	},
};
