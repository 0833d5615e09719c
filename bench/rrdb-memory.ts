/** A process of its own that builds RRDBNet, enlarges one picture, and prints its peak resident memory in MB. */
import * as tf from "@tensorflow/tfjs";
import { startEngine } from "../engine/engine.ts";
import { Parameters } from "../engine/parameters.ts";
import { Random } from "../engine/random.ts";
import { evaluation } from "../models/layers/layer.ts";
import { rrdbNet } from "../models/layers/rrdb.ts";

const [width, blocks, low] = process.argv.slice(2).map(Number) as [number, number, number];
await startEngine({ engine: "tensorflow" });
using parameters = new Parameters(Random.seed(0));
const network = rrdbNet({ width, blocks })(parameters);
tf.tidy(() => network(tf.ones([1, low, low, 3]), evaluation).dataSync());
// Kilobytes on Linux and macOS alike.
console.log(process.resourceUsage().maxRSS / 1024);
process.exit(0);
