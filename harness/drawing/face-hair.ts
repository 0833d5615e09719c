/** The hair of a drawn face: a mass behind head and neck, a cap and locks before them. */
import { type Bounds, ellipse, intersection, type Shader, type Shape, shade, union } from "./canvas.ts";
import type { Scene } from "./face-scene.ts";

/** Hair with strands that run along `across` = constant, and a band of shine. */
function hairShader(
	{ style, noise, hair, look }: Scene,
	across: (u: number, v: number) => number,
	depth: number,
): Shader {
	const streaks = look.old && look.hair !== "gray" ? 0.2 : 0;
	return (u, v, out) => {
		const place = across(u, v);
		const strand = noise(place * style.strands, v * 1.5 + 5) + 0.6 * noise(place * style.strands * 2.7 + 11, v * 2 + 8);
		const radius = Math.hypot(u, v + 0.15);
		const shine = Math.exp(-(((radius - 0.55) / 0.07) ** 2)) * 0.22;
		const side = 1 + 0.22 * style.lightStrength * style.light * u;
		const factor = (1 + 0.26 * strand + shine) * side * depth;
		const grey = streaks * Math.max(0, noise(place * style.strands * 1.9 + 40, v + 17));
		out[0] = hair[0] * factor + shine * 0.1 + grey * (0.78 - hair[0]);
		out[1] = hair[1] * factor + shine * 0.1 + grey * (0.78 - hair[1]);
		out[2] = hair[2] * factor + shine * 0.1 + grey * (0.8 - hair[2]);
	};
}

/** The mass of hair seen behind head and neck: long for women, close to the skull for men. */
export function drawHairBehind(scene: Scene): void {
	const { canvas, style, look, head } = scene;
	if (look.bald) return;
	const { faceWidth, volume, hairLength, wave } = style;
	if (look.male) {
		const cap = ellipse(0, -0.14, faceWidth + 0.035 + 0.4 * volume, 0.56 + 0.5 * volume);
		canvas.paint(
			head,
			[-0.8, -1, 0.8, 0.5],
			cap,
			hairShader(scene, (u) => u, 0.8),
		);
		return;
	}
	const width = faceWidth + 0.07 + 0.6 * volume;
	const dome = ellipse(0, -0.12, width, 0.62 + 0.6 * volume);
	const curtain: Shape = (u, v) => {
		const down = Math.max(0, v + 0.12);
		const sway = 0.05 * wave * Math.min(1, 2 * down) * Math.sin(v * 9 + style.part * 3) + 0.06 * down;
		const sides = Math.abs(u) - (width + sway - 0.12 * Math.max(0, (v - hairLength + 0.35) / 0.35) ** 2);
		return Math.max(sides, -0.12 - v, v - hairLength - 0.03 * Math.sin(u * 17));
	};
	canvas.paint(
		head,
		[-1.1, -1.1, 1.1, 1.4],
		union(dome, curtain),
		hairShader(scene, (u, v) => u * (1.2 - 0.25 * v), 0.72),
	);
}

/** The hair over the forehead and the sides of the face. */
export function drawHairBefore(scene: Scene): void {
	const { canvas, head, style, look, noise } = scene;
	const { faceWidth, volume, part } = style;
	const lift = look.male ? 0.55 * volume : 0.7 * volume;
	if (!look.male && !look.bald) drawLocks(scene);
	const outer = ellipse(0, -0.14, faceWidth + 0.03 + 0.45 * lift, 0.55 + lift);
	const swept = hairShader(scene, (u, v) => Math.atan2(u - 0.2 * part, v + 0.75), 1);
	const box: Bounds = [-0.75, -0.95, 0.75, 0.25];
	if (look.bald) {
		if (!look.male) return;
		const fringe = intersection(ellipse(0, -0.02, faceWidth + 0.04, 0.4), (u, v) =>
			Math.max(faceWidth - 0.03 - Math.abs(u), v - 0.12, -0.2 - v),
		);
		canvas.paint(
			head,
			box,
			fringe,
			hairShader(scene, (u) => u, 0.9),
			{ soft: 0.03 },
		);
		return;
	}
	const edge = (u: number) => 0.016 * noise(u * 14 + 60, 4);
	// Two lobes of forehead meet at the parting.
	const middle = 0.16 * part;
	const line = look.old && look.male ? style.hairline - 0.05 : style.hairline;
	const lobe = (u: number) => {
		const t = Math.abs(u - middle) / (faceWidth * (u > middle === part > 0 ? 0.95 : 1.12));
		return line + 0.5 * Math.max(0, t - 0.1) ** 2.1 - (look.male ? 0.02 : 0.1 * Math.exp(-((t / 0.22) ** 2)));
	};
	const fringe = (u: number) =>
		-0.17 + 0.1 * ((u - middle) / faceWidth) ** 2 + 0.02 * Math.sin(u * 31 + part * 5) + 0.5 * edge(u * 2);
	const lower = look.bangs ? fringe : lobe;
	const sides = look.male ? 0.08 : 0.16;
	const cap: Shape = (u, v) => {
		const silhouette = outer(u, v);
		if (silhouette > 0.2) return silhouette;
		const top = v - lower(u) - edge(u);
		const beside = faceWidth - (look.male ? 0.015 : 0.055) + edge(v) - Math.abs(u);
		const temple = Math.max(beside, v - sides);
		return Math.max(silhouette, Math.min(top, temple));
	};
	// Shadow that the hair casts on the forehead.
	const shadow: Shape = (u, v) => (v > 0 ? 1 : Math.max(scene.skull(u, v), v - lower(u) - 0.05));
	canvas.paint(head, box, shadow, shade(style.skin, 0.5), { opacity: 0.35, soft: 0.06 });
	canvas.paint(head, box, cap, swept);
}

/** Locks that fall before the ears. */
function drawLocks(scene: Scene): void {
	const { canvas, head, style } = scene;
	const { faceWidth, volume } = style;
	const end = Math.min(style.hairLength, 1.1);
	const dome = ellipse(0, -0.12, faceWidth + 0.06 + 0.55 * volume, 0.6 + 0.6 * volume);
	const locks: Shape = (u, v) => {
		const sway = 0.025 * style.wave * Math.sin(v * 11 + 2);
		const inner = faceWidth - 0.035 + 0.03 * Math.max(0, v) + sway - Math.abs(u);
		const width = Math.abs(u) - (faceWidth + 0.05 + 0.5 * volume + 0.05 * Math.max(0, v) + sway);
		const outer = v < -0.05 ? Math.max(width, dome(u, v)) : width;
		return Math.max(inner, outer, v - end + 0.4 * Math.abs(Math.abs(u) - faceWidth));
	};
	const bounds: Bounds = [-1, -0.8, 1, 1.3];
	canvas.paint(
		head,
		bounds,
		locks,
		hairShader(scene, (u, v) => u * (1.5 - 0.2 * v), 0.88),
	);
}
