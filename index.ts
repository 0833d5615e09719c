/** What a notebook or a program uses most; every system, metric and data set has a path of its own besides. */
export { currentEngine, type Engine, type EngineName, startEngine } from "./engine/engine.ts";
export { Random } from "./engine/random.ts";
export { compareImages, compareRows } from "./harness/evaluate.ts";
export { markdownTable, type Table, textTable } from "./harness/table.ts";
export { linearDecay, type Progress, type TrainOptions, train } from "./harness/train.ts";
export type { Score } from "./metrics/metric.ts";
export type { Gan, LabelledBatch, ResolutionBatch, UnpairedBatch } from "./models/paper.ts";
