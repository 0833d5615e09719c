import type { Canvas, Colour, Frame, Shape } from "./canvas.ts";
import type { FaceStyle, HairColour } from "./face-style.ts";
import type { Noise } from "./noise.ts";

/** What of a face its attributes decide. */
export interface Look {
	readonly hair: HairColour;
	readonly bald: boolean;
	readonly bangs: boolean;
	readonly glasses: boolean;
	readonly lipstick: boolean;
	readonly male: boolean;
	readonly mustache: boolean;
	readonly old: boolean;
	readonly smiling: boolean;
}

/** What the parts of a face are drawn from. */
export interface Scene {
	readonly canvas: Canvas;
	readonly style: FaceStyle;
	readonly look: Look;
	readonly noise: Noise;
	/** The head's own coordinates: eyes near v = 0, chin near 0.7, skull's top near -0.7. */
	readonly head: Frame;
	readonly skull: Shape;
	readonly hair: Colour;
	readonly jaw: number;
}
