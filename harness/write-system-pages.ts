/** `npm run docs`: writes docs/systems; run from the repository's root. */
import { startEngine } from "../engine/engine.ts";
import { writeSystemPages } from "./system-sources.ts";

await startEngine({ engine: "wasm" });
const count = await writeSystemPages(".");
process.stdout.write(`${count} pages in docs/systems\n`);
