/** Two unpaired sets as one labelled set, for a classifier that tells them apart: the reverse of `byAttribute`. */
import { crop } from "../resize.ts";
import type { Dataset, Split } from "./dataset.ts";
import type { Domain, UnpairedDataset } from "./unpaired.ts";

/**
 * Pictures of side `a`, then of side `b`, labelled 0 and 1; the attribute is called as side `b` is. To train there are as many
 * of either: the smaller side starts over. Of pictures larger than the set's size the centre is cut out.
 */
export function labelledSides(dataset: UnpairedDataset): Dataset {
	const { name, size, channels, domains } = dataset;
	const [height, width] = size;
	const place = (split: Split, index: number): { domain: Domain; row: number } => {
		const counts = { a: dataset.count(split, "a"), b: dataset.count(split, "b") };
		const ofA = split === "train" ? Math.max(counts.a, counts.b) : counts.a;
		const domain = index < ofA ? "a" : "b";
		return { domain, row: (domain === "a" ? index : index - ofA) % counts[domain] };
	};
	const labelOf = ({ domain }: { domain: Domain }) => Float32Array.of(domain === "a" ? 0 : 1);
	return {
		...{ name, size, channels, attributes: [domains.b] },
		count: (split) => {
			const [a, b] = [dataset.count(split, "a"), dataset.count(split, "b")];
			return split === "train" ? 2 * Math.max(a, b) : a + b;
		},
		label: (split, index) => labelOf(place(split, index)),
		read: async (split, index) => {
			const at = place(split, index);
			const { id, pixels, size: given } = await dataset.read(split, at.domain, at.row);
			const [high, wide] = given;
			const box = { top: Math.floor((high - height) / 2), left: Math.floor((wide - width) / 2), height, width };
			const isWhole = high === height && wide === width;
			return {
				id: `${at.domain} ${id}`,
				pixels: isWhole ? pixels : crop(pixels, wide, channels, box),
				label: labelOf(at),
			};
		},
		describe: () => `${dataset.describe()}; as many of either side to train`,
	};
}
