/*
 * Kernels of our own for the WASM engine, in the memory of TensorFlow.js's backend. `npm run build:wasm` compiles them to
 * kernels.wasm with clang. All pointers are to float32 of that memory; pictures are [samples, height, width, channels].
 */
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name)))
#define INLINE static inline __attribute__((always_inline))

typedef v128_t four;

/* Pixels that are summed in float32 before float64 takes over. */
enum { group = 16 };

INLINE int least(int a, int b) { return a < b ? a : b; }

/* Four float32 onto four float64. */
typedef struct {
  four low, high;
} doubles;

INLINE doubles nothing(void) { return (doubles){wasm_f64x2_splat(0), wasm_f64x2_splat(0)}; }

INLINE doubles plus(doubles total, four sum) {
  const four upper = wasm_i32x4_shuffle(sum, sum, 2, 3, 2, 3);
  return (doubles){wasm_f64x2_add(total.low, wasm_f64x2_promote_low_f32x4(sum)),
                   wasm_f64x2_add(total.high, wasm_f64x2_promote_low_f32x4(upper))};
}

INLINE four rounded(four low, four high) {
  return wasm_i32x4_shuffle(wasm_f32x4_demote_f64x2_zero(low), wasm_f32x4_demote_f64x2_zero(high), 0, 1, 4, 5);
}

/* Reads and writes four channels, or the `width` that are left of a row. */
INLINE four load(const float *from, int width) {
  if (width == 4) return wasm_v128_load(from);
  float values[4] = {0};
  for (int c = 0; c < width; c += 1) values[c] = from[c];
  return wasm_v128_load(values);
}

INLINE void store(float *to, four values, int width) {
  if (width == 4) {
    wasm_v128_store(to, values);
    return;
  }
  float each[4];
  wasm_v128_store(each, values);
  for (int c = 0; c < width; c += 1) to[c] = each[c];
}

INLINE void normalise(const float *x, float *y, const float *scale, const float *shift, float *mean, float *deviation,
                      int pixels, int channels, float epsilon, int width) {
  doubles total = nothing(), squares = nothing();
  for (int start = 0; start < pixels; start += group) {
    four sum = wasm_f32x4_splat(0);
    for (int p = start; p < least(start + group, pixels); p += 1) sum = wasm_f32x4_add(sum, load(x + p * channels, width));
    total = plus(total, sum);
  }
  const four count = wasm_f64x2_splat(pixels);
  const four low = wasm_f64x2_div(total.low, count), high = wasm_f64x2_div(total.high, count);
  const four centre = rounded(low, high);
  for (int start = 0; start < pixels; start += group) {
    four sum = wasm_f32x4_splat(0);
    for (int p = start; p < least(start + group, pixels); p += 1) {
      const four centred = wasm_f32x4_sub(load(x + p * channels, width), centre);
      sum = wasm_f32x4_add(sum, wasm_f32x4_mul(centred, centred));
    }
    squares = plus(squares, sum);
  }
  /* What rounding left of the mean: a rounded mean moves a whole channel one way, and deep networks amplify that. */
  const four centreHigh = wasm_i32x4_shuffle(centre, centre, 2, 3, 2, 3);
  const four restLow = wasm_f64x2_sub(low, wasm_f64x2_promote_low_f32x4(centre));
  const four restHigh = wasm_f64x2_sub(high, wasm_f64x2_promote_low_f32x4(centreHigh));
  const four small = wasm_f64x2_splat(epsilon), one = wasm_f64x2_splat(1);
  const four varianceLow =
      wasm_f64x2_sub(wasm_f64x2_div(squares.low, count), wasm_f64x2_mul(restLow, restLow));
  const four varianceHigh =
      wasm_f64x2_sub(wasm_f64x2_div(squares.high, count), wasm_f64x2_mul(restHigh, restHigh));
  const four inverse = rounded(wasm_f64x2_div(one, wasm_f64x2_sqrt(wasm_f64x2_add(varianceLow, small))),
                               wasm_f64x2_div(one, wasm_f64x2_sqrt(wasm_f64x2_add(varianceHigh, small))));
  store(mean, centre, width);
  store(deviation, inverse, width);
  const four factor = wasm_f32x4_mul(inverse, load(scale, width));
  const four offset = wasm_f32x4_sub(load(shift, width), wasm_f32x4_mul(rounded(restLow, restHigh), factor));
  for (int p = 0; p < pixels; p += 1) {
    const four centred = wasm_f32x4_sub(load(x + p * channels, width), centre);
    store(y + p * channels, wasm_f32x4_add(wasm_f32x4_mul(centred, factor), offset), width);
  }
}

/* y = (x - mean) * deviation * scale + shift like x, with deviation = 1 / sqrt(variance + epsilon); mean and deviation are
 * [samples, channels], scale and shift [channels]. */
EXPORT(instanceNorm)
void instanceNorm(const float *x, const float *scale, const float *shift, float *y, float *mean, float *deviation,
                  int samples, int pixels, int channels, float epsilon) {
  for (int n = 0; n < samples; n += 1) {
    const int offset = n * pixels * channels, row = n * channels;
    for (int c = 0; c < channels; c += 4) {
      const int width = least(4, channels - c);
      const float *from = x + offset + c;
      float *to = y + offset + c, *m = mean + row + c, *d = deviation + row + c;
      if (width == 4) {
        normalise(from, to, scale + c, shift + c, m, d, pixels, channels, epsilon, 4);
      } else {
        normalise(from, to, scale + c, shift + c, m, d, pixels, channels, epsilon, width);
      }
    }
  }
}

INLINE void differentiate(const float *dy, const float *x, const float *scale, const float *mean,
                          const float *deviation, float *dx, float *products, float *slopes, int pixels, int channels,
                          int width) {
  const four centre = load(mean, width), inverse = load(deviation, width);
  doubles product = nothing(), slope = nothing();
  for (int start = 0; start < pixels; start += group) {
    four ofProducts = wasm_f32x4_splat(0), ofSlopes = wasm_f32x4_splat(0);
    for (int p = start; p < least(start + group, pixels); p += 1) {
      const four g = load(dy + p * channels, width);
      const four centred = wasm_f32x4_sub(load(x + p * channels, width), centre);
      ofProducts = wasm_f32x4_add(ofProducts, wasm_f32x4_mul(g, centred));
      ofSlopes = wasm_f32x4_add(ofSlopes, g);
    }
    product = plus(product, ofProducts);
    slope = plus(slope, ofSlopes);
  }
  const four productSum = wasm_f32x4_mul(rounded(product.low, product.high), inverse);
  const four slopeSum = rounded(slope.low, slope.high);
  store(products, productSum, width);
  store(slopes, slopeSum, width);
  const four count = wasm_f32x4_splat(pixels);
  const four factor = wasm_f32x4_mul(inverse, load(scale, width));
  const four meanSlope = wasm_f32x4_div(slopeSum, count);
  const four correlation = wasm_f32x4_div(wasm_f32x4_mul(productSum, inverse), count);
  for (int p = 0; p < pixels; p += 1) {
    const four g = wasm_f32x4_sub(load(dy + p * channels, width), meanSlope);
    const four centred = wasm_f32x4_sub(load(x + p * channels, width), centre);
    store(dx + p * channels, wasm_f32x4_mul(factor, wasm_f32x4_sub(g, wasm_f32x4_mul(centred, correlation))), width);
  }
}

/* dx like x; the sums over pixels of dy * normalised x and of dy, [samples, channels] each, for scale and shift. */
EXPORT(instanceNormGradient)
void instanceNormGradient(const float *dy, const float *x, const float *scale, const float *mean,
                          const float *deviation, float *dx, float *products, float *slopes, int samples, int pixels,
                          int channels) {
  for (int n = 0; n < samples; n += 1) {
    const int offset = n * pixels * channels, row = n * channels;
    for (int c = 0; c < channels; c += 4) {
      const int width = least(4, channels - c), at = row + c;
      if (width == 4) {
        differentiate(dy + offset + c, x + offset + c, scale + c, mean + at, deviation + at, dx + offset + c,
                      products + at, slopes + at, pixels, channels, 4);
      } else {
        differentiate(dy + offset + c, x + offset + c, scale + c, mean + at, deviation + at, dx + offset + c,
                      products + at, slopes + at, pixels, channels, width);
      }
    }
  }
}

/*
 * Winograd's F(2 x 2, 3 x 3) (Lavin and Gray 2016): tiles of 2 x 2 results of a 3 x 3 convolution of stride 1 as sixteen
 * products instead of thirty-six. Channels are multiples of four. Values of one position of the tile lie together:
 * [16, tiles, channels] and, of the filter, [16, in, out].
 */

/* B' d B for each tile of x, which lies `top` and `left` pixels inside its zero padding. */
EXPORT(winogradInput)
void winogradInput(const float *x, float *to, int samples, int height, int width, int channels, int top, int left,
                   int down, int across) {
  const int plane = samples * down * across * channels;
  float *target = to;
  for (int n = 0; n < samples; n += 1) {
    for (int i = 0; i < down; i += 1) {
      for (int j = 0; j < across; j += 1) {
        for (int c = 0; c < channels; c += 4) {
          four d[4][4];
          for (int u = 0; u < 4; u += 1) {
            const int row = 2 * i + u - top;
            for (int v = 0; v < 4; v += 1) {
              const int column = 2 * j + v - left;
              const int inside = row >= 0 && row < height && column >= 0 && column < width;
              d[u][v] = inside ? wasm_v128_load(x + ((n * height + row) * width + column) * channels + c)
                               : wasm_f32x4_splat(0);
            }
          }
          four e[4][4];
          for (int v = 0; v < 4; v += 1) {
            e[0][v] = wasm_f32x4_sub(d[0][v], d[2][v]);
            e[1][v] = wasm_f32x4_add(d[1][v], d[2][v]);
            e[2][v] = wasm_f32x4_sub(d[2][v], d[1][v]);
            e[3][v] = wasm_f32x4_sub(d[1][v], d[3][v]);
          }
          for (int u = 0; u < 4; u += 1) {
            float *out = target + 4 * u * plane + c;
            wasm_v128_store(out, wasm_f32x4_sub(e[u][0], e[u][2]));
            wasm_v128_store(out + plane, wasm_f32x4_add(e[u][1], e[u][2]));
            wasm_v128_store(out + 2 * plane, wasm_f32x4_sub(e[u][2], e[u][1]));
            wasm_v128_store(out + 3 * plane, wasm_f32x4_sub(e[u][1], e[u][3]));
          }
        }
        target += channels;
      }
    }
  }
}

/* G g G' of the filter [3, 3, pairs], pairs = in * out. */
EXPORT(winogradFilter)
void winogradFilter(const float *filter, float *to, int pairs) {
  const four half = wasm_f32x4_splat(0.5f);
  for (int c = 0; c < pairs; c += 4) {
    four e[4][3];
    for (int v = 0; v < 3; v += 1) {
      const four g0 = wasm_v128_load(filter + v * pairs + c), g1 = wasm_v128_load(filter + (3 + v) * pairs + c);
      const four g2 = wasm_v128_load(filter + (6 + v) * pairs + c), ends = wasm_f32x4_add(g0, g2);
      e[0][v] = g0;
      e[1][v] = wasm_f32x4_mul(half, wasm_f32x4_add(ends, g1));
      e[2][v] = wasm_f32x4_mul(half, wasm_f32x4_sub(ends, g1));
      e[3][v] = g2;
    }
    for (int u = 0; u < 4; u += 1) {
      const four ends = wasm_f32x4_add(e[u][0], e[u][2]);
      float *out = to + 4 * u * pairs + c;
      wasm_v128_store(out, e[u][0]);
      wasm_v128_store(out + pairs, wasm_f32x4_mul(half, wasm_f32x4_add(ends, e[u][1])));
      wasm_v128_store(out + 2 * pairs, wasm_f32x4_mul(half, wasm_f32x4_sub(ends, e[u][1])));
      wasm_v128_store(out + 3 * pairs, e[u][2]);
    }
  }
}

/* A' m A for each tile, into y [samples, height, width, channels]; what a last tile has too many is left out. */
EXPORT(winogradOutput)
void winogradOutput(const float *from, float *y, int samples, int height, int width, int channels, int down,
                    int across) {
  const int plane = samples * down * across * channels;
  const float *source = from;
  for (int n = 0; n < samples; n += 1) {
    for (int i = 0; i < down; i += 1) {
      for (int j = 0; j < across; j += 1) {
        for (int c = 0; c < channels; c += 4) {
          four e[2][4];
          for (int v = 0; v < 4; v += 1) {
            const float *m = source + v * plane + c;
            const four m0 = wasm_v128_load(m), m1 = wasm_v128_load(m + 4 * plane);
            const four m2 = wasm_v128_load(m + 8 * plane), m3 = wasm_v128_load(m + 12 * plane);
            e[0][v] = wasm_f32x4_add(wasm_f32x4_add(m0, m1), m2);
            e[1][v] = wasm_f32x4_sub(wasm_f32x4_sub(m1, m2), m3);
          }
          for (int u = 0; u < 2 && 2 * i + u < height; u += 1) {
            float *out = y + ((n * height + 2 * i + u) * width + 2 * j) * channels + c;
            wasm_v128_store(out, wasm_f32x4_add(wasm_f32x4_add(e[u][0], e[u][1]), e[u][2]));
            if (2 * j + 1 < width) {
              wasm_v128_store(out + channels, wasm_f32x4_sub(wasm_f32x4_sub(e[u][1], e[u][2]), e[u][3]));
            }
          }
        }
        source += channels;
      }
    }
  }
}
