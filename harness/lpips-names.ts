/** LPIPS by the names that scripts use: `alex:FILE`, `vgg:FILE`, `squeeze:FILE`, `#v0.0` behind it for the older heads. */
import type { LpipsVersion } from "../metrics/lpips.ts";
import type { LpipsNet } from "../metrics/lpips-heads.ts";
import type { PairedMetric } from "../metrics/metric.ts";

/** The metric with its trunk on the engine; the caller disposes it. */
export async function lpipsNamed(name: string | undefined, range?: number): Promise<PairedMetric> {
	const [, net, file, version = "v0.1"] = /^(alex|vgg|squeeze):(.+?)(?:#(v0\.[01]))?$/.exec(name ?? "") ?? [];
	if (net === undefined || file === undefined) {
		throw new RangeError(
			`--lpips: must be alex:FILE, vgg:FILE or squeeze:FILE with torchvision's weights, #v0.0 behind it for the older heads, got ${name ?? "none"}`,
		);
	}
	const { Trunk } = await import("../metrics/features/trunks.ts");
	const { lpips } = await import("../metrics/lpips.ts");
	const { lpipsHeads } = await import("../metrics/lpips-heads.ts");
	const { readTorchWeights } = await import("./torch-weights.ts");
	const { weight, sha256 } = await readTorchWeights(file, "--lpips");
	const trunk = new Trunk(net as LpipsNet, weight);
	const metric = lpips({
		net: net as LpipsNet,
		version: version as LpipsVersion,
		features: (input) => trunk.maps(input),
		heads: lpipsHeads(net as LpipsNet, version as LpipsVersion),
		weights: `sha256:${sha256}`,
		...(range === undefined ? {} : { range }),
	});
	return { ...metric, [Symbol.dispose]: () => trunk[Symbol.dispose]() };
}
