/** Goldens of ResNet18 (torchvision). */
import * as tf from "@tensorflow/tfjs";
import type { TorchArray } from "../../engine/parameters.ts";
import { classEntropy } from "../../models/losses/labels.ts";
import { resnetNetwork } from "../../models/resnet.ts";
import type { Results } from "./compare.ts";
import { type Golden, stored, toTensor, toTorch } from "./golden.ts";
import { runNet } from "./net.ts";
import type { ParitySystem } from "./system.ts";

export const resnet18: ParitySystem = { parts: { classifier: runClassifier } };

function runClassifier(golden: Golden): Results {
	const { config } = golden;
	const entropy = (logits: tf.Tensor, label: tf.Tensor) => classEntropy(logits as tf.Tensor2D, label as tf.Tensor1D);
	const results = runNet(
		golden,
		(parameters) => {
			const network = resnetNetwork(parameters, {
				channels: stored(golden, "weight/conv1.weight").shape[1] as number,
				width: config.count("width"),
				blocks: config.numbers("blocks"),
				classes: config.count("num_classes"),
			});
			return ({ image }, pass) => ({ logits: network(image as tf.Tensor4D, pass) });
		},
		{
			losses: {
				total: ({ label, ...inputs }, forward) => entropy(forward(inputs)["logits"] as tf.Tensor, label as tf.Tensor),
			},
		},
	);
	const entropies = new Map(results);
	entropies.set("loss/cross_entropy", results.get("loss/total") as TorchArray);
	const evaluated = results.get("output/logits_evalmode");
	if (evaluated !== undefined) {
		const label = stored(golden, "input/label");
		const loss = tf.tidy(() => entropy(toTensor(evaluated), toTensor(label)));
		entropies.set("loss/cross_entropy_evalmode", toTorch(loss));
		loss.dispose();
	}
	return entropies;
}
