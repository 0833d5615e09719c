/** A process of its own that builds AttentionGAN's generator, translates one picture, and prints its peak resident memory in MB. */
import * as tf from "@tensorflow/tfjs";
import { startEngine } from "../engine/engine.ts";
import { Parameters } from "../engine/parameters.ts";
import { Random } from "../engine/random.ts";
import { attentionGenerator } from "../models/attention-gan.ts";
import { evaluation } from "../models/layers/layer.ts";

const size = Number(process.argv[2]);
await startEngine({ engine: "tensorflow" });
using parameters = new Parameters(Random.seed(0));
const generator = attentionGenerator(parameters);
tf.tidy(() => generator(tf.ones([1, size, size, 3]), evaluation).image.dataSync());
// Kilobytes on Linux and macOS alike.
console.log(process.resourceUsage().maxRSS / 1024);
process.exit(0);
