/** What a classifier says of pictures: the chance of each of its classes, or of each of its attributes. */
import * as tf from "@tensorflow/tfjs";
import type { Options } from "../../models/system.ts";
import type { Applicable } from "./apply.ts";

/** A system that says what a picture shows. */
export interface Predicting {
	/** Pictures [N, H, W, channels] in [-1, 1] → logits [N, classes]; the caller disposes. */
	predict(images: tf.Tensor4D): tf.Tensor2D;
}

export function isPredicting(gan: Applicable): gan is Applicable & Predicting {
	return gan.apply === undefined && "predict" in gan;
}

/** Chances [N, classes]: they sum to one over classes; attributes, which a card counts as such, have each its own. */
export function chancesOf(gan: Predicting, images: tf.Tensor4D, options: Options): Float32Array {
	const logits = tf.tidy(() => {
		const made = gan.predict(images);
		return typeof options["attributes"] === "number" ? tf.sigmoid(made) : tf.softmax(made);
	});
	const chances = logits.dataSync<"float32">();
	logits.dispose();
	return chances;
}

/** What the columns of its chances are called: the checkpoint's names, else numbers. */
export function classNames(options: Options, names: readonly string[] = []): readonly string[] {
	const count = Number(options["attributes"] ?? options["classes"]);
	return names.length === count ? names : Array.from({ length: count }, (_, index) => String(index));
}

/** Rows of names and chances as CSV; its columns `score_CLASS` are those of `fovea evaluate --labels`. */
export function chanceTable(
	classes: readonly string[],
	rows: readonly (readonly [file: string, chances: Float32Array])[],
) {
	const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
	const lines = rows.map(([file, chances]) => [quoted(file), ...Array.from(chances, (chance) => chance.toFixed(6))]);
	const header = ["file", ...classes.map((name) => quoted(`score_${name}`))];
	return [header, ...lines].map((line) => `${line.join(",")}\n`).join("");
}
