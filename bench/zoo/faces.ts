/** Entries that edit, make and recognise drawn faces. */
import { batches } from "../../harness/datasets/dataset.ts";
import { type FaceAttribute, faces } from "../../harness/datasets/faces.ts";
import { presets } from "../../harness/experiments/cca-gan.ts";
import { edited, parseEdit } from "../../harness/generate/labels.ts";
import type { PixelArray } from "../../harness/pictures.ts";
import { picturesOf as readPictures } from "../../harness/scores.ts";
import type { LabelledBatch } from "../../models/paper.ts";
import { appliedTo, type Entry, imagesOf, named, ownTraining, picturesOf, presetTraining } from "./entry.ts";
import { judgePairs } from "./judges.ts";

const preset = presets.smoke;
const size = preset.imageSize;
const count = 64;
const attributes: readonly FaceAttribute[] = ["Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"];
export const drawnFaces = faces({ size, attributes, count: { train: preset.pictures.train, test: count } });
const edits = ["Black_Hair", "Blond_Hair"];

const all = Array.from({ length: count }, (_, row) => row);

/** A few test faces that have neither of the colours. */
export async function otherwiseHaired() {
	const test = picturesOf(await readPictures(drawnFaces, "test"));
	const fits = (row: number) => edits.every((_, colour) => drawnFaces.label("test", row)[colour] === 0);
	return test.filter((_, row) => fits(row)).slice(0, 4);
}

const editing: Pick<Entry, "networks" | "inputs" | "generate" | "judge"> = {
	networks: named("G"),
	inputs: otherwiseHaired,
	generate: { edits },
	// A drawn face can be drawn again with another label: that is what an edit should come to.
	async judge(gan) {
		const test = await readPictures(drawnFaces, "test");
		const labelOf = (row: number) => drawnFaces.label("test", row);
		const changes = edits.map((name, colour) => ({
			// Faces that have the colour would stay as they are.
			rows: all.filter((row) => labelOf(row)[colour] === 0),
			edit: parseEdit("edit", name, attributes),
		}));
		const parts = changes.map(({ rows, edit }) => {
			const labels = rows.map((row) => edited(labelOf(row), edit, attributes));
			const sources = rows.map((row) => picturesOf(test)[row] as PixelArray);
			const truth = rows.map((row, at) => ({
				data: drawnFaces.counterfactual("test", row, labels[at] as Float32Array),
				...{ height: size, width: size, channels: 3 },
			}));
			const asked = Float32Array.from(labels.flatMap((label) => [...label]));
			return { truth, made: picturesOf(appliedTo(gan, imagesOf(sources), { labels: asked })), beside: sources };
		});
		const joined = (name: "truth" | "made" | "beside") => parts.flatMap((part) => part[name]);
		return judgePairs(
			{ truth: joined("truth"), made: joined("made"), beside: joined("beside") },
			"the same faces unedited",
		);
	},
};

export const faceEntries: readonly Entry[] = [
	...["stargan", "stargan-sagan", "cca-gan"].map((system) => ({
		...{ system, ...presetTraining(system, "cca-gan"), ...editing },
	})),
	{
		...{ system: "attention-gan-multi", ...editing },
		...ownTraining<LabelledBatch>("attention-gan-multi", () => {
			const { networks, batchSize, rate, nCritic, lambdaRec = 10 } = preset;
			return {
				options: {
					...{ ...networks, imageSize: size, cDim: attributes.length, nCritic, lambdaRec, gRate: rate, dRate: rate },
				},
				// Its mask begins half open, so that no warm-up is needed to keep the picture.
				...{ steps: preset.warmUp + preset.steps, batchSize, attributes, data: drawnFaces.describe() },
				batches: (stream) => batches(drawnFaces, { split: "train", batchSize, flip: true, ...stream }),
			};
		}),
	},
];
