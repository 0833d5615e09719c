// Convolution of pictures [N, H, W, C] with filters [kh, kw, C, O], its gradient for the input and its gradient for the filter.
//
// In this layout a row of a filter's window over a picture, kw · C values, lies side by side in memory, and so do the filter's rows
// over O. So all three are products of thin tiles: some pixels (or values of the window) by two registers of columns, whose sums stay
// in registers. No matrix of windows is built; only rows are copied that need values beside the picture, zeros or its mirror image.
//
// Each result is one sum whose order depends on the shapes alone, never on the number of threads.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "workers.h"

namespace fovea {

// y[p][c] = bias[c] + Σ over rows and run of x[row · rowStep + p · pixelStep + k] · filter[(row · run + k) · filterStep + c]
struct Correlation {
  const float* x;
  int64_t pixelStep, rowStep, rows, run;
  const float* filter;
  int64_t filterStep;
  // None where null.
  const float* bias;
  float* y;
  // `columns` of the tile's are written.
  int64_t yStep, columns;
};

// sums[p][c] += Σ over rows and pixels of x[row · rowStep + pixel · pixelStep + p] · dy[row · dyRowStep + pixel · dyStep + c]
struct Product {
  const float* x;
  int64_t pixelStep, rowStep;
  const float* dy;
  int64_t dyStep, dyRowStep, rows, pixels;
  float* sums;
};

constexpr int kMostRows = 12;
// Products that are summed in registers before they are added to a total: closer than one long sum.
constexpr int64_t kSummed = 12;

// The tiles of one kind of processor: by rows - 1 and registers of columns - 1.
struct Processor {
  int lanes, rows;
  std::array<std::array<void (*)(const Correlation&), 2>, kMostRows> correlate;
  std::array<std::array<void (*)(const Product&), 2>, kMostRows> multiply;
};

}  // namespace fovea

#if defined(__x86_64__)
#define FOVEA_NAME avx512
#define FOVEA_TARGET __attribute__((target("avx512f,fma")))
#define FOVEA_LANES 16
#define FOVEA_ROWS 12
#include "convolution-tiles.h"
#define FOVEA_NAME avx2
#define FOVEA_TARGET __attribute__((target("avx2,fma")))
#define FOVEA_LANES 8
#define FOVEA_ROWS 6
#include "convolution-tiles.h"
#endif
#define FOVEA_NAME plain
#define FOVEA_TARGET
#define FOVEA_LANES 4
#define FOVEA_ROWS 6
#include "convolution-tiles.h"

namespace fovea {

inline const Processor& processorHere() {
#if defined(__x86_64__)
  static const Processor& found = __builtin_cpu_supports("avx512f") ? avx512::processor
                                  : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
                                      ? avx2::processor
                                      : plain::processor;
  return found;
#else
  return plain::processor;
#endif
}

struct Geometry {
  // Of the input, of the filter; steps; pixels beside the picture.
  int64_t height, width, filterHeight, filterWidth, stepY, stepX, top, bottom, left, right;
  // Whether those pixels are the picture's mirror image, without its edge, or zeros.
  bool reflect;

  int64_t paddedHeight() const { return height + top + bottom; }
  int64_t paddedWidth() const { return width + left + right; }
  int64_t outputHeight() const { return (paddedHeight() - filterHeight) / stepY + 1; }
  int64_t outputWidth() const { return (paddedWidth() - filterWidth) / stepX + 1; }
  bool pads() const { return top != 0 || bottom != 0 || left != 0 || right != 0; }
};

// The pixel of an axis of `length` pixels that the mirror shows at `index`.
inline int64_t mirrored(int64_t index, int64_t length) {
  const int64_t inside = index < 0 ? -index : index;
  return inside < length ? inside : 2 * (length - 1) - inside;
}

// Columns of a matrix in panels: each as wide as a tile, the last one as narrow as its columns allow, filled up with zeros.
class Panels {
 public:
  explicit Panels(int64_t columns) : columns_(columns), lanes_(processorHere().lanes) {}
  int64_t count() const { return (columns_ + 2 * lanes_ - 1) / (2 * lanes_); }
  int64_t start(int64_t panel) const { return panel * 2 * lanes_; }
  int64_t columns(int64_t panel) const { return std::min(columns_ - start(panel), 2 * lanes_); }
  int registers(int64_t panel) const { return columns(panel) > lanes_ ? 2 : 1; }
  int64_t width(int64_t panel) const { return registers(panel) * lanes_; }
  // Of all panels.
  int64_t width() const { return start(count() - 1) + width(count() - 1); }
  bool whole() const { return columns_ % lanes_ == 0; }

 private:
  const int64_t columns_, lanes_;
};

// A sequence of `length` cut into as few pieces as possible of at most `most`, as equal as possible.
struct Pieces {
  const int64_t length, count;
  Pieces(int64_t all, int64_t most) : length(all), count((all + most - 1) / most) {}
  int64_t start(int64_t piece) const { return length * piece / count; }
};

// Memory that each thread keeps for its next part, without values.
inline float* scratch(int which, int64_t size) {
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  thread_local std::unique_ptr<float, Free> memory[3];
  thread_local int64_t sizes[3] = {0, 0, 0};
  if (sizes[which] < size) {
    memory[which].reset(static_cast<float*>(std::malloc(size * sizeof(float))));
    sizes[which] = size;
  }
  return memory[which].get();
}

// Rows [first, last) of a picture plane [height, width, channels] with `left` and `right` pixels beside them, into `to`; rows
// outside the picture are those of its mirror image, or left out by the caller.
inline void copyRows(const float* plane, int64_t height, int64_t width, int64_t channels, int64_t first, int64_t last,
                     int64_t left, int64_t right, bool reflect, float* to) {
  for (int64_t row = first; row < last; row += 1) {
    const float* from = plane + (reflect ? mirrored(row, height) : row) * width * channels;
    float* middle = to + left * channels;
    std::memcpy(middle, from, width * channels * sizeof(float));
    const int64_t beside[2][2] = {{-left, 0}, {width, width + right}};
    for (const auto& side : beside) {
      if (reflect) {
        for (int64_t column = side[0]; column < side[1]; column += 1) {
          std::memcpy(middle + column * channels, from + mirrored(column, width) * channels, channels * sizeof(float));
        }
      } else {
        std::memset(middle + side[0] * channels, 0, (side[1] - side[0]) * channels * sizeof(float));
      }
    }
    to += (left + width + right) * channels;
  }
}

// Rows of a picture, with what stands beside them, as the tiles read them; `plane` itself where nothing does.
class Band {
 public:
  Band(const float* plane, int64_t height, int64_t width, int64_t channels, int64_t first, int64_t last, int64_t left,
       int64_t right, bool reflect)
      : step_((left + width + right) * channels) {
    first_ = reflect ? first : std::max<int64_t>(first, 0);
    last_ = reflect ? last : std::min(last, height);
    if (left == 0 && right == 0 && first_ >= 0 && last_ <= height) {
      rows_ = plane + first_ * step_;
    } else {
      float* copied = scratch(0, std::max<int64_t>(last_ - first_, 0) * step_);
      copyRows(plane, height, width, channels, first_, last_, left, right, reflect, copied);
      rows_ = copied;
    }
  }
  int64_t step() const { return step_; }
  // The rows that there are among [from, to).
  int64_t begin(int64_t from) const { return std::max(from, first_); }
  int64_t end(int64_t to) const { return std::min(to, last_); }
  const float* row(int64_t index) const { return rows_ + (index - first_) * step_; }

 private:
  const int64_t step_;
  int64_t first_, last_;
  const float* rows_;
};

// One row of results: windows of `rows` × `run` values whose first row is `top` of the band and first value `offset` of that row.
inline void correlateRow(const Band& band, int64_t top, int64_t rows, int64_t offset, int64_t run, int64_t pixelStep,
                         const float* filter, int64_t filterStep, int registers, const float* bias, float* y,
                         int64_t yStep, int64_t columns, int64_t pixels) {
  const int64_t begin = band.begin(top), end = std::max(band.end(top + rows), begin);
  const Processor& processor = processorHere();
  const Pieces pieces(pixels, processor.rows);
  for (int64_t piece = 0; piece < pieces.count; piece += 1) {
    const int64_t first = pieces.start(piece), next = pieces.start(piece + 1);
    const float* x = end == begin ? nullptr : band.row(begin) + offset + first * pixelStep;
    const float* from = filter + (begin - top) * run * filterStep;
    processor.correlate[next - first - 1][registers - 1](Correlation{
        x, pixelStep, band.step(), end - begin, run, from, filterStep, bias, y + first * yStep, yStep, columns});
  }
}

// Rows of results that one part computes: enough pixels to pay for reading the filter, and enough parts for all threads.
inline Pieces bands(int64_t samples, int64_t height, int64_t width) {
  const int64_t pixels = 64;
  const int64_t shared = samples * height / (4 * Workers::shared().threads());
  return Pieces(height, std::max<int64_t>({1, pixels / width, std::min(shared, 16 * pixels / width)}));
}

// `values` and zeros up to the width of its panels, where they are not whole.
inline std::vector<float> padded(const float* values, const Panels& panels, int64_t columns) {
  std::vector<float> wide(panels.width(), 0);
  std::copy(values, values + columns, wide.begin());
  return wide;
}

// A matrix [rows, columns] in panels, each [rows, its width].
inline std::vector<float> inPanels(const float* matrix, int64_t rows, int64_t columns, const Panels& panels) {
  std::vector<float> packed(rows * panels.width());
  const Pieces pieces(rows, 64);
  Workers::shared().run(pieces.count, rows * columns, [&](int64_t piece) {
    for (int64_t panel = 0; panel < panels.count(); panel += 1) {
      const int64_t width = panels.width(panel), filled = panels.columns(panel);
      float* to = packed.data() + rows * panels.start(panel);
      for (int64_t row = pieces.start(piece); row < pieces.start(piece + 1); row += 1) {
        std::memcpy(to + row * width, matrix + row * columns + panels.start(panel), filled * sizeof(float));
        std::fill(to + row * width + filled, to + (row + 1) * width, 0.0f);
      }
    }
  });
  return packed;
}

// x [samples, height, width, inputs], filter [kh, kw, inputs, outputs], bias [outputs] or null -> y [samples, h, w, outputs].
inline void convolve(const Geometry& g, int64_t samples, int64_t inputs, int64_t outputs, const float* x,
                     const float* filter, const float* bias, float* y) {
  const int64_t height = g.outputHeight(), width = g.outputWidth();
  const int64_t run = g.filterWidth * inputs, depth = g.filterHeight * run;
  const Panels panels(outputs);
  // Where rows of the filter are short and whole, they serve as they are.
  const bool direct = panels.whole() && outputs <= 64;
  const std::vector<float> packed = direct ? std::vector<float>() : inPanels(filter, depth, outputs, panels);
  const std::vector<float> wideBias = bias == nullptr ? std::vector<float>() : padded(bias, panels, outputs);
  const Pieces rows = bands(samples, height, width);
  Workers::shared().run(samples * rows.count, samples * height * width * depth * outputs, [&](int64_t part) {
    const int64_t sample = part / rows.count;
    const int64_t first = rows.start(part % rows.count), last = rows.start(part % rows.count + 1);
    const Band band(x + sample * g.height * g.width * inputs, g.height, g.width, inputs, first * g.stepY - g.top,
                    (last - 1) * g.stepY - g.top + g.filterHeight, g.left, g.right, g.reflect);
    for (int64_t panel = 0; panel < panels.count(); panel += 1) {
      const int64_t start = panels.start(panel);
      const float* from = direct ? filter + start : packed.data() + depth * start;
      for (int64_t row = first; row < last; row += 1) {
        correlateRow(band, row * g.stepY - g.top, g.filterHeight, 0, run, g.stepX * inputs, from,
                     direct ? outputs : panels.width(panel), panels.registers(panel),
                     bias == nullptr ? nullptr : wideBias.data() + start,
                     y + (sample * height + row) * width * outputs + start, outputs, panels.columns(panel), width);
      }
    }
  });
}

// Every `step`th tap of one axis, from `phase` on.
inline int64_t taps(int64_t length, int64_t phase, int64_t step) {
  return phase < length ? (length - phase + step - 1) / step : 0;
}

// The filters by which output gradients are correlated to give the pixels of one phase: taps of that phase turned about, inputs in
// panels. [taps y, taps x, outputs] rows for each panel.
class TurnedFilter {
 public:
  TurnedFilter(const Geometry& g, int64_t inputs, int64_t outputs, const float* filter, const Panels& panels)
      : g_(g), outputs_(outputs), panels_(panels), packed_(g.filterHeight * g.filterWidth * outputs * panels.width()) {
    int64_t offset = 0;
    for (int64_t y = 0; y < g.stepY; y += 1) {
      for (int64_t x = 0; x < g.stepX; x += 1) {
        offsets_.push_back(offset);
        offset += depth(y, x) * panels.width();
      }
    }
    Workers::shared().run(g.filterHeight * g.filterWidth, packed_.size(), [&](int64_t tap) {
      turn(tap / g_.filterWidth, tap % g_.filterWidth, inputs, filter);
    });
  }
  int64_t tapsY(int64_t phase) const { return taps(g_.filterHeight, phase, g_.stepY); }
  int64_t tapsX(int64_t phase) const { return taps(g_.filterWidth, phase, g_.stepX); }
  const float* panel(int64_t phaseY, int64_t phaseX, int64_t panel) const {
    return packed_.data() + offsets_[phaseY * g_.stepX + phaseX] + depth(phaseY, phaseX) * panels_.start(panel);
  }

 private:
  int64_t depth(int64_t phaseY, int64_t phaseX) const { return tapsY(phaseY) * tapsX(phaseX) * outputs_; }

  // [inputs, outputs] of one tap to [outputs, a panel of inputs], in squares that stay in the cache.
  void turn(int64_t tapY, int64_t tapX, int64_t inputs, const float* filter) {
    const int64_t phaseY = tapY % g_.stepY, phaseX = tapX % g_.stepX;
    const int64_t row = tapsY(phaseY) - 1 - tapY / g_.stepY, column = tapsX(phaseX) - 1 - tapX / g_.stepX;
    const float* from = filter + (tapY * g_.filterWidth + tapX) * inputs * outputs_;
    for (int64_t panel = 0; panel < panels_.count(); panel += 1) {
      const int64_t width = panels_.width(panel), filled = panels_.columns(panel);
      float* to = packed_.data() + (this->panel(phaseY, phaseX, panel) - packed_.data()) +
                  (row * tapsX(phaseX) + column) * outputs_ * width;
      const float* square = from + panels_.start(panel) * outputs_;
      constexpr int64_t kSide = 8;
      for (int64_t output = 0; output < outputs_; output += kSide) {
        const int64_t last = std::min(output + kSide, outputs_);
        for (int64_t input = 0; input < width; input += 1) {
          for (int64_t o = output; o < last; o += 1) {
            to[o * width + input] = input < filled ? square[input * outputs_ + o] : 0;
          }
        }
      }
    }
  }

  const Geometry g_;
  const int64_t outputs_;
  const Panels panels_;
  std::vector<int64_t> offsets_;
  std::vector<float> packed_;
};

// Rows of the padded input that flow into row `row` of the input: its own and those that mirror it.
inline void sourcesOf(const Geometry& g, int64_t row, std::vector<int64_t>& rows) {
  rows.push_back(row + g.top);
  if (!g.reflect) return;
  if (row >= 1 && row <= g.top) rows.push_back(g.top - row);
  const int64_t behind = g.height - 1 - row;
  if (behind >= 1 && behind <= g.bottom) rows.push_back(g.top + g.height - 1 + behind);
}

// Adds what was computed for pixels beside the picture to those that they mirror; `unfolded` holds the rows of `sourcesOf`, one
// input row after another.
inline void fold(const Geometry& g, int64_t inputs, int64_t first, int64_t last, const float* unfolded, float* plane) {
  std::vector<int64_t> sources;
  for (int64_t row = first; row < last; row += 1) {
    float* to = plane + row * g.width * inputs;
    const auto add = [&](const float* from, int64_t pixel, int64_t pixels) {
      for (int64_t value = 0; value < pixels * inputs; value += 1) to[pixel * inputs + value] += from[value];
    };
    sources.clear();
    sourcesOf(g, row, sources);
    for (size_t index = 0; index < sources.size(); index += 1) {
      const float* middle = unfolded + g.left * inputs;
      if (index == 0) {
        std::memcpy(to, middle, g.width * inputs * sizeof(float));
      } else {
        add(middle, 0, g.width);
      }
      for (int64_t column = -g.left; column < 0; column += 1) {
        add(middle + column * inputs, mirrored(column, g.width), 1);
      }
      for (int64_t column = g.width; column < g.width + g.right; column += 1) {
        add(middle + column * inputs, mirrored(column, g.width), 1);
      }
      unfolded += g.paddedWidth() * inputs;
    }
  }
}

// dy [samples, h, w, outputs], filter [kh, kw, inputs, outputs], bias [inputs] or null -> dx [samples, height, width, inputs]: the
// gradient of `convolve` for its input, and with a bias, without mirror images, a transposed convolution.
inline void convolveInput(const Geometry& g, int64_t samples, int64_t inputs, int64_t outputs, const float* dy,
                          const float* filter, const float* bias, float* dx) {
  const int64_t height = g.outputHeight(), width = g.outputWidth();
  const Panels panels(inputs);
  const TurnedFilter turned(g, inputs, outputs, filter, panels);
  const std::vector<float> wideBias = bias == nullptr ? std::vector<float>() : padded(bias, panels, inputs);
  // Columns of the padded input that are computed: those that are mirrored back too.
  const int64_t left = g.reflect ? 0 : g.left, right = g.reflect ? g.paddedWidth() : g.left + g.width;
  const int64_t most = (g.filterWidth + g.stepX - 1) / g.stepX - 1;
  // Zeros beside dy where windows of outer columns reach.
  const int64_t behind = std::max<int64_t>((right - 1) / g.stepX - (width - 1), 0);
  const Pieces bandsOf = bands(samples, g.height, g.width);
  const int64_t work = samples * height * width * g.filterHeight * g.filterWidth * inputs * outputs;
  Workers::shared().run(samples * bandsOf.count, work, [&](int64_t part) {
    const int64_t sample = part / bandsOf.count;
    const int64_t first = bandsOf.start(part % bandsOf.count), last = bandsOf.start(part % bandsOf.count + 1);
    std::vector<int64_t> sources;
    for (int64_t row = first; row < last; row += 1) sourcesOf(g, row, sources);
    const auto [least, greatest] = std::minmax_element(sources.begin(), sources.end());
    const int64_t mostY = (g.filterHeight + g.stepY - 1) / g.stepY - 1;
    const Band band(dy + sample * height * width * outputs, height, width, outputs, *least / g.stepY - mostY,
                    *greatest / g.stepY + 1, most, behind, false);
    float* plane = dx + sample * g.height * g.width * inputs;
    const int64_t rowSize = (right - left) * inputs;
    float* unfolded = g.reflect ? scratch(1, sources.size() * rowSize) : nullptr;
    for (int64_t phaseX = 0; phaseX < g.stepX; phaseX += 1) {
      const int64_t column = left + (phaseX - left % g.stepX + g.stepX) % g.stepX;
      if (column >= right) continue;
      const int64_t pixels = (right - column + g.stepX - 1) / g.stepX;
      const int64_t tapsX = turned.tapsX(phaseX);
      for (int64_t panel = 0; panel < panels.count(); panel += 1) {
        for (size_t index = 0; index < sources.size(); index += 1) {
          const int64_t phaseY = sources[index] % g.stepY, tapsY = turned.tapsY(phaseY);
          float* row = g.reflect ? unfolded + index * rowSize : plane + (sources[index] - g.top) * rowSize;
          correlateRow(band, sources[index] / g.stepY - (tapsY - 1), tapsY,
                       (column / g.stepX - (tapsX - 1) + most) * outputs, tapsX * outputs, outputs,
                       turned.panel(phaseY, phaseX, panel), panels.width(panel), panels.registers(panel),
                       bias == nullptr || g.reflect ? nullptr : wideBias.data() + panels.start(panel),
                       row + (column - left) * inputs + panels.start(panel), g.stepX * inputs, panels.columns(panel),
                       pixels);
        }
      }
    }
    if (g.reflect) fold(g, inputs, first, last, unfolded, plane);
  });
}

// Rows of `columns` values, each filled up with zeros to `width`.
inline const float* widened(const float* rows, int64_t count, int64_t columns, int64_t width) {
  float* wide = scratch(2, count * width);
  for (int64_t row = 0; row < count; row += 1) {
    std::memcpy(wide + row * width, rows + row * columns, columns * sizeof(float));
    std::fill(wide + row * width + columns, wide + (row + 1) * width, 0.0f);
  }
  return wide;
}

// x [samples, height, width, inputs], dy [samples, h, w, outputs] -> [kh, kw, inputs, outputs]: the gradient of `convolve` for its
// filter.
inline void convolveFilter(const Geometry& g, int64_t samples, int64_t inputs, int64_t outputs, const float* x,
                           const float* dy, float* filter) {
  const int64_t height = g.outputHeight(), width = g.outputWidth();
  const Panels panels(outputs);
  const Processor& processor = processorHere();
  const int64_t run = g.filterWidth * inputs;
  const Pieces pieces(run, processor.rows);
  // Tiles of the result: by panel, row of the filter, piece of that row.
  const int64_t tiles = panels.count() * g.filterHeight * pieces.count, tileSize = processor.rows * 2 * processor.lanes;
  // Sums of so many pixels are taken in registers and then added up: closer than one long sum.
  const int64_t pixels = 128;
  const Pieces rows(height, std::max<int64_t>(1, pixels / width));
  const Pieces parts(tiles, std::max<int64_t>(1, tiles / (2 * Workers::shared().threads())));
  Workers::shared().run(parts.count, samples * height * width * g.filterHeight * run * outputs, [&](int64_t part) {
    const int64_t firstTile = parts.start(part), lastTile = parts.start(part + 1);
    float* sums = scratch(1, (lastTile - firstTile) * tileSize);
    std::fill(sums, sums + (lastTile - firstTile) * tileSize, 0.0f);
    for (int64_t sample = 0; sample < samples; sample += 1) {
      for (int64_t block = 0; block < rows.count; block += 1) {
        const int64_t first = rows.start(block), last = rows.start(block + 1);
        const int64_t top = first * g.stepY - g.top, bottom = (last - 1) * g.stepY - g.top + g.filterHeight;
        const Band band(x + sample * g.height * g.width * inputs, g.height, g.width, inputs, top, bottom, g.left,
                        g.right, g.reflect);
        const float* slopes = dy + (sample * height + first) * width * outputs;
        if (!panels.whole()) slopes = widened(slopes, (last - first) * width, outputs, panels.width());
        const int64_t step = panels.whole() ? outputs : panels.width();
        for (int64_t tile = firstTile; tile < lastTile; tile += 1) {
          const int64_t panel = tile / (g.filterHeight * pieces.count);
          const int64_t tap = tile / pieces.count % g.filterHeight, piece = tile % pieces.count;
          const int64_t value = pieces.start(piece), values = pieces.start(piece + 1) - value;
          // Rows of dy whose window has this row inside the picture.
          int64_t from = first, to = last;
          while (from < to && from * g.stepY - g.top + tap < band.begin(top)) from += 1;
          while (from < to && (to - 1) * g.stepY - g.top + tap >= band.end(bottom)) to -= 1;
          if (from == to) continue;
          processor.multiply[values - 1][panels.registers(panel) - 1](
              Product{band.row(from * g.stepY - g.top + tap) + value, g.stepX * inputs, g.stepY * band.step(),
                      slopes + (from - first) * width * step + panels.start(panel), step, width * step, to - from,
                      width, sums + (tile - firstTile) * tileSize});
        }
      }
    }
    for (int64_t tile = firstTile; tile < lastTile; tile += 1) {
      const int64_t panel = tile / (g.filterHeight * pieces.count);
      const int64_t row = tile / pieces.count % g.filterHeight * run, piece = tile % pieces.count;
      for (int64_t value = pieces.start(piece); value < pieces.start(piece + 1); value += 1) {
        const float* from =
            sums + (tile - firstTile) * tileSize + (value - pieces.start(piece)) * panels.width(panel);
        std::memcpy(filter + (row + value) * outputs + panels.start(panel), from,
                    panels.columns(panel) * sizeof(float));
      }
    }
  });
}

}  // namespace fovea
