// Instance normalisation of x [N, H, W, C] and its gradient.
//
// From TensorFlow's ops, a normalisation reads memory seven times or transposes it twice. Here a block of channels of one sample stays
// in the cache for all passes. Sums run over few pixels in float32 and then in float64, in an order that does not depend on the
// number of threads: against float64, results are closer than PyTorch's.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "workers.h"

namespace fovea {

// Channels that one part handles; their sums stay in registers.
constexpr int64_t kBlock = 32;
// Pixels that are summed in float32.
constexpr int64_t kGroup = 16;

// A width that the compiler knows keeps sums in registers.
struct Whole {
  constexpr operator int64_t() const { return kBlock; }
};

// Parts that all samples and channels make.
inline int64_t blocksOf(int64_t samples, int64_t channels) { return samples * ((channels + kBlock - 1) / kBlock); }

// One part: `width` channels of one sample from `channel` on.
struct Block {
  int64_t channel, width;
  // Where its first value lies in [N, H, W, C] and in [N, C].
  int64_t offset, at;

  Block(int64_t pixels, int64_t channels, int64_t part) {
    const int64_t blocks = blocksOf(1, channels), sample = part / blocks;
    channel = part % blocks * kBlock;
    width = std::min(kBlock, channels - channel);
    offset = sample * pixels * channels + channel;
    at = sample * channels + channel;
  }
};

// Of `width` channels from `x` on, `stride` floats apart from pixel to pixel: the mean and 1 / sqrt(variance + epsilon).
template <typename Width>
inline __attribute__((always_inline)) void statistics(const float* x, int64_t pixels, int64_t stride, Width width,
                                                      float epsilon, double* mean, float* deviation) {
  double total[kBlock] = {0}, squares[kBlock] = {0};
  for (int64_t start = 0; start < pixels; start += kGroup) {
    float sum[kBlock] = {0};
    for (int64_t p = start; p < std::min(start + kGroup, pixels); p += 1) {
      const float* row = x + p * stride;
      for (int64_t c = 0; c < width; c += 1) sum[c] += row[c];
    }
    for (int64_t c = 0; c < width; c += 1) total[c] += sum[c];
  }
  float centre[kBlock];
  for (int64_t c = 0; c < width; c += 1) {
    mean[c] = total[c] / pixels;
    centre[c] = static_cast<float>(mean[c]);
  }
  for (int64_t start = 0; start < pixels; start += kGroup) {
    float sum[kBlock] = {0};
    for (int64_t p = start; p < std::min(start + kGroup, pixels); p += 1) {
      const float* row = x + p * stride;
      for (int64_t c = 0; c < width; c += 1) sum[c] += (row[c] - centre[c]) * (row[c] - centre[c]);
    }
    for (int64_t c = 0; c < width; c += 1) squares[c] += sum[c];
  }
  for (int64_t c = 0; c < width; c += 1) {
    const double rounded = mean[c] - centre[c];
    deviation[c] = static_cast<float>(1 / std::sqrt(squares[c] / pixels - rounded * rounded + epsilon));
  }
}

// One part of a pass, by `work` of that pass.
template <typename Pass>
inline __attribute__((always_inline)) void workOn(const Pass& pass, int64_t part) {
  const Block block(pass.pixels, pass.channels, part);
  if (block.width == kBlock) {
    work(pass, block, Whole());
  } else {
    work(pass, block, block.width);
  }
}

struct Forward {
  const float *x, *scale, *shift;
  float *y, *mean, *deviation;
  int64_t pixels, channels;
  float epsilon;
};

template <typename Width>
inline __attribute__((always_inline)) void work(const Forward& f, const Block& block, Width width) {
  const int64_t channel = block.channel;
  const float* x = f.x + block.offset;
  float* y = f.y + block.offset;
  float* deviation = f.deviation + block.at;
  // In float64: what rounding does to a whole channel, deep networks amplify.
  double mean[kBlock], factor[kBlock], shift[kBlock];
  statistics(x, f.pixels, f.channels, width, f.epsilon, mean, deviation);
  for (int64_t c = 0; c < width; c += 1) {
    f.mean[block.at + c] = static_cast<float>(mean[c]);
    // The deviation that the gradient gets.
    factor[c] = static_cast<double>(deviation[c]) * f.scale[channel + c];
    shift[c] = f.shift[channel + c];
  }
  for (int64_t p = 0; p < f.pixels; p += 1) {
    const float* from = x + p * f.channels;
    float* to = y + p * f.channels;
    for (int64_t c = 0; c < width; c += 1) to[c] = static_cast<float>((from[c] - mean[c]) * factor[c] + shift[c]);
  }
}

EACH_PROCESSOR void forwardPart(const Forward& f, int64_t part) { workOn(f, part); }

struct Backward {
  const float *dy, *x, *scale, *mean, *deviation;
  float* dx;
  // Per sample and channel: the sums of dy * normalised x, and of dy.
  double *products, *slopes;
  int64_t pixels, channels;
};

// With x^ the normalised input and <.> the mean over pixels: dx = deviation * scale * (dy - <dy> - x^ <dy x^>).
template <typename Width>
inline __attribute__((always_inline)) void work(const Backward& b, const Block& block, Width width) {
  const int64_t channel = block.channel, at = block.at;
  const float *dy = b.dy + block.offset, *x = b.x + block.offset;
  float* dx = b.dx + block.offset;
  float centre[kBlock], deviation[kBlock];
  double product[kBlock] = {0}, slope[kBlock] = {0};
  for (int64_t c = 0; c < width; c += 1) {
    centre[c] = b.mean[at + c];
    deviation[c] = b.deviation[at + c];
  }
  for (int64_t start = 0; start < b.pixels; start += kGroup) {
    float products[kBlock] = {0}, slopes[kBlock] = {0};
    for (int64_t p = start; p < std::min(start + kGroup, b.pixels); p += 1) {
      const float *g = dy + p * b.channels, *row = x + p * b.channels;
      for (int64_t c = 0; c < width; c += 1) {
        products[c] += g[c] * (row[c] - centre[c]);
        slopes[c] += g[c];
      }
    }
    for (int64_t c = 0; c < width; c += 1) {
      product[c] += products[c];
      slope[c] += slopes[c];
    }
  }
  float factor[kBlock], meanSlope[kBlock], correlation[kBlock];
  for (int64_t c = 0; c < width; c += 1) {
    b.products[at + c] = product[c] * deviation[c];
    b.slopes[at + c] = slope[c];
    factor[c] = deviation[c] * b.scale[channel + c];
    meanSlope[c] = static_cast<float>(slope[c] / b.pixels);
    correlation[c] = static_cast<float>(product[c] * deviation[c] * deviation[c] / b.pixels);
  }
  for (int64_t p = 0; p < b.pixels; p += 1) {
    const float *g = dy + p * b.channels, *row = x + p * b.channels;
    float* to = dx + p * b.channels;
    for (int64_t c = 0; c < width; c += 1) {
      to[c] = factor[c] * (g[c] - meanSlope[c] - (row[c] - centre[c]) * correlation[c]);
    }
  }
}

EACH_PROCESSOR void backwardPart(const Backward& b, int64_t part) { workOn(b, part); }

}  // namespace fovea
