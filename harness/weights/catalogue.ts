/**
 * Published weights of feature extractors, which are too large to ship. Their file names end in the first eight digits of
 * their SHA-256, which is what is checked.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../engine/cache.ts";

export interface PublishedWeights {
	/** In commands: `inception`. */
	readonly name: string;
	readonly file: string;
	readonly url: string;
	/** First digits of the file's SHA-256. */
	readonly sha256: string;
	/** What they are of and for. */
	readonly purpose: string;
	/** How a command is given them. */
	readonly use: string;
}

const torchvision = (name: string, stem: string, sha256: string, purpose: string, use: string): PublishedWeights => {
	const file = `${stem}-${sha256}.pth`;
	return { name, file, url: `https://download.pytorch.org/models/${file}`, sha256, purpose, use };
};

export const publishedWeights: readonly PublishedWeights[] = [
	{
		name: "inception",
		file: "pt_inception-2015-12-05-6726825d.pth",
		url: "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
		sha256: "6726825d",
		purpose: "Inception v3 of 2015-12-05, of FID, KID and the Inception Score",
		use: "evaluate --features inception:inception",
	},
	torchvision("alexnet", "alexnet-owt", "7be5be79", "AlexNet of LPIPS", "evaluate --lpips alex:alexnet"),
	torchvision("vgg16", "vgg16", "397923af", "VGG16 of LPIPS", "evaluate --lpips vgg:vgg16"),
	torchvision(
		"squeezenet",
		"squeezenet1_1",
		"b8a52dc0",
		"SqueezeNet 1.1 of LPIPS",
		"evaluate --lpips squeeze:squeezenet",
	),
	torchvision("vgg19", "vgg19", "dcbb9e9d", "VGG19 of perceptual losses", "the perceptual loss of super-resolution"),
	torchvision("resnet18", "resnet18", "f37072fd", "ResNet18 of ImageNet, to classify from", "import"),
];

/** Where downloaded weights are kept. */
export function weightsFolder(environment: NodeJS.ProcessEnv = process.env): string {
	return join(cacheFolder(environment), "weights");
}

/** The published weights of that name; undefined where there are none. */
export function publishedNamed(name: string): PublishedWeights | undefined {
	return publishedWeights.find((each) => each.name === name);
}

/** True where the published weights of that name are in the cache. */
export function hasWeights(name: string): boolean {
	const published = publishedNamed(name);
	return published !== undefined && existsSync(join(weightsFolder(), published.file));
}
