/**
 * A small painter of antialiased pictures: shapes are signed distances (negative inside), laid one over another. The
 * picture spans [-1, 1] in x (right) and y (down), whatever its size, so the same shapes give the same picture at any size.
 */

/** Signed distance of a point to a shape, in the units of its frame. */
export type Shape = (u: number, v: number) => number;
export type Colour = readonly [red: number, green: number, blue: number];
/** Colour at a point; writes into `out` and returns it. Components in [0, 1]. */
export type Shader = (u: number, v: number, out: Float32Array) => void;
export type Bounds = readonly [left: number, top: number, right: number, bottom: number];

/** Where shapes lie: moved by (x, y), turned by `angle` radians, enlarged by `scale`. */
export interface Frame {
	readonly x: number;
	readonly y: number;
	readonly angle: number;
	readonly scale: number;
}

export interface Paint {
	readonly opacity?: number;
	/** Width over which the edge fades, in the units of the frame. @default 0: one pixel */
	readonly soft?: number;
}

export const still: Frame = { x: 0, y: 0, angle: 0, scale: 1 };

export class Canvas {
	readonly size: number;
	/** [size, size, 3], components in [0, 1]. */
	readonly pixels: Float32Array;

	constructor(size: number) {
		this.size = size;
		this.pixels = new Float32Array(size * size * 3);
	}

	/** Width of a pixel in the units of a frame. */
	pixel(frame: Frame = still): number {
		return 2 / (this.size * frame.scale);
	}

	/** Lays a shape over the picture. Nothing outside `bounds` (in the frame's units) is touched. */
	paint(
		frame: Frame,
		bounds: Bounds,
		shape: Shape,
		colour: Colour | Shader,
		{ opacity = 1, soft = 0 }: Paint = {},
	): void {
		const { size, pixels } = this;
		const cos = Math.cos(frame.angle) / frame.scale;
		const sin = Math.sin(frame.angle) / frame.scale;
		const width = Math.max(this.pixel(frame), soft);
		const [left, top, right, bottom] = pixelBox(frame, bounds, size, width);
		const out = new Float32Array(3);
		const shader = typeof colour === "function" ? colour : undefined;
		if (typeof colour !== "function") out.set(colour);
		for (let row = top; row < bottom; row += 1) {
			const y = ((row + 0.5) * 2) / size - 1 - frame.y;
			for (let column = left; column < right; column += 1) {
				const x = ((column + 0.5) * 2) / size - 1 - frame.x;
				const u = x * cos + y * sin;
				const v = y * cos - x * sin;
				const distance = shape(u, v) / width;
				if (distance >= 0.5) continue;
				const cover = distance <= -0.5 ? 1 : 0.5 - distance;
				const share = opacity * (soft > 0 ? cover * cover * (3 - 2 * cover) : cover);
				shader?.(u, v, out);
				const at = (row * size + column) * 3;
				for (let channel = 0; channel < 3; channel += 1) {
					const under = pixels[at + channel] as number;
					pixels[at + channel] = under + share * ((out[channel] as number) - under);
				}
			}
		}
	}

	/** The picture as bytes, [size, size, 3]; `grain(i)` is added to value i before rounding. */
	bytes(grain: (index: number) => number = () => 0): Uint8Array {
		// A clamped array rounds and clamps by itself.
		const result = new Uint8ClampedArray(this.pixels.length);
		for (let at = 0; at < result.length; at += 1) result[at] = ((this.pixels[at] as number) + grain(at)) * 255;
		return new Uint8Array(result.buffer);
	}
}

/** The pixels that bounds of a frame can touch. */
function pixelBox(frame: Frame, [left, top, right, bottom]: Bounds, size: number, margin: number): Bounds {
	const cos = Math.cos(frame.angle) * frame.scale;
	const sin = Math.sin(frame.angle) * frame.scale;
	const corners = [
		[left - margin, top - margin],
		[right + margin, top - margin],
		[left - margin, bottom + margin],
		[right + margin, bottom + margin],
	] as const;
	const columns = corners.map(([u, v]) => ((u * cos - v * sin + frame.x + 1) / 2) * size);
	const rows = corners.map(([u, v]) => ((u * sin + v * cos + frame.y + 1) / 2) * size);
	const clamp = (value: number) => Math.min(size, Math.max(0, value));
	return [
		clamp(Math.floor(Math.min(...columns))),
		clamp(Math.floor(Math.min(...rows))),
		clamp(Math.ceil(Math.max(...columns))),
		clamp(Math.ceil(Math.max(...rows))),
	];
}

/** Everything. */
export const everywhere: Shape = () => -1e9;

/** An ellipse; the distance is exact on its edge and good near it. */
export function ellipse(x: number, y: number, radiusX: number, radiusY: number): Shape {
	return (u, v) => {
		const a = (u - x) / radiusX;
		const b = (v - y) / radiusY;
		const inner = Math.sqrt(a * a + b * b);
		const slope = Math.sqrt((a * a) / (radiusX * radiusX) + (b * b) / (radiusY * radiusY));
		return slope < 1e-6 ? -Math.min(radiusX, radiusY) : (inner * (inner - 1)) / slope;
	};
}

/** A rectangle with round corners. */
export function roundBox(x: number, y: number, halfWidth: number, halfHeight: number, radius: number): Shape {
	return (u, v) => {
		const a = Math.abs(u - x) - halfWidth + radius;
		const b = Math.abs(v - y) - halfHeight + radius;
		return Math.min(Math.max(a, b), 0) + Math.hypot(Math.max(a, 0), Math.max(b, 0)) - radius;
	};
}

/** A line through points, of a half-width. */
export function stroke(points: readonly (readonly [number, number])[], halfWidth: number): Shape {
	return (u, v) => {
		let least = Number.POSITIVE_INFINITY;
		for (let at = 1; at < points.length; at += 1) {
			const [x0, y0] = points[at - 1] as readonly [number, number];
			const [x1, y1] = points[at] as readonly [number, number];
			const dx = x1 - x0;
			const dy = y1 - y0;
			const along = ((u - x0) * dx + (v - y0) * dy) / (dx * dx + dy * dy + 1e-12);
			const clamped = Math.min(1, Math.max(0, along));
			const a = u - x0 - clamped * dx;
			const b = v - y0 - clamped * dy;
			least = Math.min(least, a * a + b * b);
		}
		return Math.sqrt(least) - halfWidth;
	};
}

/** Points of an arc from one point to another whose middle is raised by `bend` (up where positive), as a parabola. */
export function arc(x0: number, y0: number, x1: number, y1: number, bend: number, count = 8): [number, number][] {
	return Array.from({ length: count + 1 }, (_, at) => {
		const t = at / count;
		return [x0 + (x1 - x0) * t, y0 + (y1 - y0) * t - 4 * bend * t * (1 - t)];
	});
}

/** Bounds of points with a margin. */
export function around(points: readonly (readonly [number, number])[], margin: number): Bounds {
	const xs = points.map(([x]) => x);
	const ys = points.map(([, y]) => y);
	return [Math.min(...xs) - margin, Math.min(...ys) - margin, Math.max(...xs) + margin, Math.max(...ys) + margin];
}

export const union =
	(a: Shape, b: Shape): Shape =>
	(u, v) =>
		Math.min(a(u, v), b(u, v));
export const intersection =
	(a: Shape, b: Shape): Shape =>
	(u, v) =>
		Math.max(a(u, v), b(u, v));
export const without =
	(a: Shape, b: Shape): Shape =>
	(u, v) =>
		Math.max(a(u, v), -b(u, v));

/** Between two colours. */
export function mix(a: Colour, b: Colour, share: number): Colour {
	return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}

/** A colour made darker or lighter. */
export function shade(colour: Colour, factor: number): Colour {
	return [colour[0] * factor, colour[1] * factor, colour[2] * factor];
}
