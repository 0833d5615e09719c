export { Random } from "./engine/random.ts";
