// Sums over all axes but the last: the gradient of a bias.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "workers.h"

namespace fovea {

// Rows that are summed in float32, and rows of one part.
constexpr int64_t kSummedRows = 16;
constexpr int64_t kPartRows = 1024;

// x [rows, channels] -> totals [channels], in float64; `sum` has as many values.
EACH_PROCESSOR inline void sumRows(const float* x, int64_t rows, int64_t channels, float* sum, double* totals) {
  for (int64_t start = 0; start < rows; start += kSummedRows) {
    for (int64_t c = 0; c < channels; c += 1) sum[c] = 0;
    for (int64_t row = start; row < std::min(start + kSummedRows, rows); row += 1) {
      for (int64_t c = 0; c < channels; c += 1) sum[c] += x[row * channels + c];
    }
    for (int64_t c = 0; c < channels; c += 1) totals[c] += sum[c];
  }
}

// x [rows, channels] -> sums [channels], in an order that does not depend on the number of threads.
inline void channelSums(const float* x, int64_t rows, int64_t channels, float* sums) {
  const int64_t parts = std::max<int64_t>(1, (rows + kPartRows - 1) / kPartRows);
  std::vector<double> totals(parts * channels);
  Workers::shared().run(parts, rows * channels, [&](int64_t part) {
    const int64_t first = part * kPartRows;
    std::vector<float> sum(channels);
    sumRows(x + first * channels, std::min(kPartRows, rows - first), channels, sum.data(),
            totals.data() + part * channels);
  });
  for (int64_t c = 0; c < channels; c += 1) {
    double total = 0;
    for (int64_t part = 0; part < parts; part += 1) total += totals[part * channels + c];
    sums[c] = static_cast<float>(total);
  }
}

}  // namespace fovea
