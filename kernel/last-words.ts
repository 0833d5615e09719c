import { randomUUID } from "node:crypto";
import { CONNECTION_VARIABLE } from "./death-note.ts";
import { type Header, makeMessage, Signer } from "./messages.ts";
import { addressOf, type Connection } from "./sockets.ts";
import { Listener, type Peer } from "./zmtp.ts";

/** Started by death-note.ts after a kernel's sudden death: answers the cell that ran. `node last-words.js HEADER` */

const [headerText = ""] = process.argv.slice(2);
const connection = JSON.parse(process.env[CONNECTION_VARIABLE] ?? "") as Connection;
const parent = JSON.parse(headerText) as Header;
const signer = new Signer(connection.key, connection.signature_scheme);
const session = randomUUID();

const evalue =
	"the kernel died while this cell ran: out of memory, or a crash in native code. Its variables are gone; run the notebook again from the top";
const report = { ename: "KernelDied", evalue, traceback: [`\u001b[31mKernelDied: ${evalue}\u001b[0m`] };
const encode = (type: string, content: object) =>
	signer.encode(makeMessage(type, content as Record<string, unknown>, { session, parent }));

const iopub = new Listener("XPUB", addressOf(connection, connection.iopub_port), {
	message: () => {},
	subscribe: (peer: Peer) => {
		peer.send([Buffer.from("kernel.error"), ...encode("error", report)]);
		peer.send([Buffer.from("kernel.status"), ...encode("status", { execution_state: "idle" })]);
	},
});
const shell = new Listener("ROUTER", addressOf(connection, connection.shell_port), {
	message: () => {},
	ready: (peer: Peer) => peer.send(encode("execute_reply", { status: "error", execution_count: 0, ...report })),
});
await Promise.all([iopub.listen(), shell.listen()]);
// ZeroMQ's clients come back within a few hundred milliseconds; a new kernel waits for the ports for three seconds.
await new Promise((resolve) => setTimeout(resolve, 1500));
await Promise.all([iopub.close(200), shell.close(200)]);
process.exit(0);
