import { createRequire } from "node:module";
import type TypeScript from "typescript";

/** TypeScript, by require: an import would first search all its nine megabytes for names it exports. */
export default createRequire(import.meta.url)("typescript") as typeof TypeScript;
