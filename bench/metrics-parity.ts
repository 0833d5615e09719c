/**
 * Writes docs/metrics-parity.md: every metric against its reference libraries, from the golden numbers that ship.
 *
 *     npm run metrics-parity
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startEngine } from "../engine/engine.ts";
import { comparisons, parityDocument } from "./parity/document.ts";

await startEngine();
const all = await comparisons(join("fixtures", "metrics"));
await writeFile(join("docs", "metrics-parity.md"), parityDocument(all));
// The engines keep threads alive.
process.exit(0);
