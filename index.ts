/** What a notebook or a program uses most; every system, metric and data set has a path of its own besides. */
export { currentEngine, type Engine, type EngineName, startEngine } from "./engine/engine.ts";
export { Random } from "./engine/random.ts";
export { compareImages, compareRows } from "./harness/evaluate.ts";
export { type EvaluateOptions, evaluate, picturesOf, Scores } from "./harness/scores.ts";
export { markdownTable, type Table, textTable } from "./harness/table.ts";
export { linearDecay, type Progress, type TrainOptions, train } from "./harness/train.ts";
export { attention as attentionMap } from "./kernel/attention.ts";
export { display, html, markdown } from "./kernel/display.ts";
export { picture } from "./kernel/picture.ts";
export * as plot from "./kernel/plot.ts";
export { finish, follow } from "./kernel/progress.ts";
export { table } from "./kernel/table.ts";
export type { Images } from "./metrics/images.ts";
export type { Score } from "./metrics/metric.ts";
export type { Gan, LabelledBatch, ResolutionBatch, UnpairedBatch } from "./models/paper.ts";
