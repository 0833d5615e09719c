/** Everything a notebook draws with, under one name: `import * as plot from "fovea/kernel/plot"`. */
export { attention } from "./attention.ts";
export { bar, box, figure, heatmap, histogram, line, scatter } from "./figure.ts";
export { picture } from "./picture.ts";
export { interactive } from "./plotly-page.ts";
export { finish, follow } from "./progress.ts";
export { table } from "./table.ts";
