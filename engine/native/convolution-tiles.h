// The innermost loops of the convolutions, written once and included for each kind of processor, with
//   FOVEA_NAME   the namespace of this kind,
//   FOVEA_TARGET the attribute that makes the compiler use its instructions,
//   FOVEA_LANES  floats in one of its registers,
//   FOVEA_ROWS   rows of a tile whose sums stay in registers beside two registers of columns.
namespace fovea {
namespace FOVEA_NAME {

typedef float Lanes __attribute__((vector_size(4 * FOVEA_LANES), aligned(4), may_alias));

template <int P, int Q>
using Sums = Lanes[P][Q];

// The last register of a tile's row may stand for fewer columns than it has.
template <int Q>
FOVEA_TARGET inline __attribute__((always_inline)) void store(const Lanes (&row)[Q], float* to, int64_t columns) {
  if (columns == Q * FOVEA_LANES) {
#pragma GCC unroll 2
    for (int q = 0; q < Q; q += 1) *reinterpret_cast<Lanes*>(to + q * FOVEA_LANES) = row[q];
  } else {
    float values[Q * FOVEA_LANES];
    for (int q = 0; q < Q; q += 1) *reinterpret_cast<Lanes*>(values + q * FOVEA_LANES) = row[q];
    for (int64_t c = 0; c < columns; c += 1) to[c] = values[c];
  }
}

// P pixels side by side, Q registers of columns: see Correlation.
template <int P, int Q>
FOVEA_TARGET void correlate(const Correlation& c) {
  Lanes sums[P][Q], totals[P][Q], bias[Q];
#pragma GCC unroll 12
  for (int p = 0; p < P; p += 1) {
#pragma GCC unroll 2
    for (int q = 0; q < Q; q += 1) sums[p][q] = totals[p][q] = Lanes{};
  }
  const int64_t step = c.pixelStep;
  const float* filter = c.filter;
  for (int64_t row = 0; row < c.rows; row += 1) {
    for (int64_t start = 0; start < c.run; start += kSummed) {
      // One address for three pixels: processors add a register, or twice it, for nothing.
      const float* x0 = c.x + row * c.rowStep + start;
      const float *x3 = x0 + 3 * step, *x6 = x0 + 6 * step, *x9 = x0 + 9 * step;
      const float* end = x0 + std::min(kSummed, c.run - start);
      for (; x0 < end; x0 += 1, x3 += 1, x6 += 1, x9 += 1) {
        Lanes columns[Q];
#pragma GCC unroll 2
        for (int q = 0; q < Q; q += 1) columns[q] = *reinterpret_cast<const Lanes*>(filter + q * FOVEA_LANES);
        filter += c.filterStep;
#pragma GCC unroll 12
        for (int p = 0; p < P; p += 1) {
          const float* base = p < 3 ? x0 : p < 6 ? x3 : p < 9 ? x6 : x9;
          const float value = base[(p % 3) * step];
#pragma GCC unroll 2
          for (int q = 0; q < Q; q += 1) sums[p][q] += value * columns[q];
        }
      }
#pragma GCC unroll 12
      for (int p = 0; p < P; p += 1) {
#pragma GCC unroll 2
        for (int q = 0; q < Q; q += 1) {
          totals[p][q] += sums[p][q];
          sums[p][q] = Lanes{};
        }
      }
    }
  }
#pragma GCC unroll 2
  for (int q = 0; q < Q; q += 1) {
    bias[q] = c.bias == nullptr ? Lanes{} : *reinterpret_cast<const Lanes*>(c.bias + q * FOVEA_LANES);
  }
#pragma GCC unroll 12
  for (int p = 0; p < P; p += 1) {
#pragma GCC unroll 2
    for (int q = 0; q < Q; q += 1) totals[p][q] += bias[q];
    store<Q>(totals[p], c.y + p * c.yStep, c.columns);
  }
}

// P values side by side of each pixel's window, Q registers of columns: see Product.
template <int P, int Q>
FOVEA_TARGET void multiply(const Product& c) {
  Lanes sums[P][Q];
#pragma GCC unroll 12
  for (int p = 0; p < P; p += 1) {
#pragma GCC unroll 2
    for (int q = 0; q < Q; q += 1) sums[p][q] = Lanes{};
  }
  for (int64_t row = 0; row < c.rows; row += 1) {
    const float *x = c.x + row * c.rowStep, *dy = c.dy + row * c.dyRowStep;
    for (int64_t pixel = 0; pixel < c.pixels; pixel += 1) {
      Lanes columns[Q];
#pragma GCC unroll 2
      for (int q = 0; q < Q; q += 1) columns[q] = *reinterpret_cast<const Lanes*>(dy + q * FOVEA_LANES);
#pragma GCC unroll 12
      for (int p = 0; p < P; p += 1) {
        const float value = x[p];
#pragma GCC unroll 2
        for (int q = 0; q < Q; q += 1) sums[p][q] += value * columns[q];
      }
      x += c.pixelStep;
      dy += c.dyStep;
    }
  }
#pragma GCC unroll 12
  for (int p = 0; p < P; p += 1) {
#pragma GCC unroll 2
    for (int q = 0; q < Q; q += 1) *reinterpret_cast<Lanes*>(c.sums + (p * Q + q) * FOVEA_LANES) += sums[p][q];
  }
}

template <int... P>
constexpr Processor processorOf(std::integer_sequence<int, P...>) {
  return {FOVEA_LANES,
          FOVEA_ROWS,
          {{{{correlate<P + 1, 1>, correlate<P + 1, 2>}}...}},
          {{{{multiply<P + 1, 1>, multiply<P + 1, 2>}}...}}};
}

constexpr Processor processor = processorOf(std::make_integer_sequence<int, FOVEA_ROWS>());

}  // namespace FOVEA_NAME
}  // namespace fovea

#undef FOVEA_NAME
#undef FOVEA_TARGET
#undef FOVEA_LANES
#undef FOVEA_ROWS
