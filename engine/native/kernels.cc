// Kernels of our own for TensorFlow's processor device, registered through its C API when Node loads this addon.
//
// FoveaInstanceNorm: x [N, H, W, C], scale [C], shift [C] -> y = (x - mean) * deviation * scale + shift like x, and the mean and
//   deviation = 1 / sqrt(variance + epsilon) of each sample and channel over H and W, [N, C].
// FoveaInstanceNormGrad: dy and x [N, H, W, C], scale [C], mean and deviation [N, C] -> dx like x, dscale [C], dshift [C].
// FoveaConv: x [N, H, W, C], filter [kh, kw, C, O], bias [O] or [0] -> y [N, h, w, O].
// FoveaConvInput: dy [N, h, w, O], filter [kh, kw, C, O], bias [C] or [0] -> dx [N, H, W, C].
// FoveaConvFilter: x [N, H, W, C], dy [N, h, w, O] -> dfilter [kh, kw, C, O].
//   `geometry` of these three: H, W, kh, kw, the steps in y and x, the pixels added above, below, left and right, and 1 where those
//   are the picture's mirror image or 0 where they are zeros.
// FoveaChannelSums: x [..., C] -> [C], sums over all axes but the last.
//
// The addon exports the functions of float64.cc.
#include <node_api.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "channel-sums.h"
#include "convolution.h"
#include "instance-norm.h"
#include "tensorflow.h"

namespace fovea {

void exportFloat64(napi_env env, napi_value exports);

}  // namespace fovea

namespace {

using namespace fovea;

void* createNorm(TF_OpKernelConstruction* construction) {
  float* epsilon = new float(0);
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", epsilon, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return epsilon;
}

void* createNothing(TF_OpKernelConstruction*) { return nullptr; }

void destroyNorm(void* kernel) { delete static_cast<float*>(kernel); }

void instanceNorm(void* kernel, TF_OpKernelContext* context) {
  Run run(context);
  TF_Tensor *x = run.input(0), *scale = run.input(1), *shift = run.input(2);
  if (!run.good(x != nullptr && TF_NumDims(x) == 4, "FoveaInstanceNorm: x must have 4 dimensions")) return;
  const std::vector<int64_t> shape = shapeOf(x);
  const int64_t samples = shape[0], pixels = shape[1] * shape[2], channels = shape[3];
  const bool fits = TF_TensorElementCount(scale) == channels && TF_TensorElementCount(shift) == channels;
  if (!run.good(fits, "FoveaInstanceNorm: scale and shift must have a value for each channel")) return;
  TF_Tensor *y = run.output(0, shape), *mean = run.output(1, {samples, channels});
  TF_Tensor* deviation = run.output(2, {samples, channels});
  if (!run.good(true, "")) return;
  const Forward f{values(x),         values(scale), values(shift), values(y), values(mean),
                  values(deviation), pixels,        channels,      *static_cast<float*>(kernel)};
  Workers::shared().run(blocksOf(samples, channels), TF_TensorElementCount(x),
                        [&f](int64_t part) { forwardPart(f, part); });
}

void instanceNormGrad(void*, TF_OpKernelContext* context) {
  Run run(context);
  TF_Tensor *dy = run.input(0), *x = run.input(1), *scale = run.input(2);
  TF_Tensor *mean = run.input(3), *deviation = run.input(4);
  if (!run.good(x != nullptr && TF_NumDims(x) == 4, "FoveaInstanceNormGrad: x must have 4 dimensions")) return;
  const std::vector<int64_t> shape = shapeOf(x);
  const int64_t samples = shape[0], pixels = shape[1] * shape[2], channels = shape[3];
  const bool fits = shapeOf(dy) == shape && TF_TensorElementCount(scale) == channels &&
                    TF_TensorElementCount(mean) == samples * channels &&
                    TF_TensorElementCount(deviation) == samples * channels;
  if (!run.good(fits, "FoveaInstanceNormGrad: inputs must fit x")) return;
  TF_Tensor *dx = run.output(0, shape), *dscale = run.output(1, {channels}), *dshift = run.output(2, {channels});
  if (!run.good(true, "")) return;
  std::vector<double> products(samples * channels), slopes(samples * channels);
  const Backward b{values(dy), values(x),       values(scale), values(mean), values(deviation),
                   values(dx), products.data(), slopes.data(), pixels,       channels};
  Workers::shared().run(blocksOf(samples, channels), TF_TensorElementCount(x),
                        [&b](int64_t part) { backwardPart(b, part); });
  for (int64_t channel = 0; channel < channels; channel += 1) {
    double product = 0, slope = 0;
    for (int64_t sample = 0; sample < samples; sample += 1) {
      product += products[sample * channels + channel];
      slope += slopes[sample * channels + channel];
    }
    values(dscale)[channel] = static_cast<float>(product);
    values(dshift)[channel] = static_cast<float>(slope);
  }
}

constexpr int kGeometry = 11;

void* createGeometry(TF_OpKernelConstruction* construction) {
  int64_t v[kGeometry] = {0};
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrInt64List(construction, "geometry", v, kGeometry, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return new Geometry{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10] != 0};
}

void destroyGeometry(void* kernel) { delete static_cast<Geometry*>(kernel); }

bool hasShape(TF_Tensor* tensor, const std::vector<int64_t>& shape) {
  return tensor != nullptr && shapeOf(tensor) == shape;
}

int64_t axis(TF_Tensor* tensor, int index) {
  return tensor != nullptr && TF_NumDims(tensor) == 4 ? TF_Dim(tensor, index) : -1;
}

// The bias's values; null where it has none.
const float* biasOf(TF_Tensor* bias) { return TF_TensorElementCount(bias) == 0 ? nullptr : values(bias); }

bool fitsChannels(TF_Tensor* bias, int64_t channels) {
  return bias != nullptr && (TF_TensorElementCount(bias) == 0 || TF_TensorElementCount(bias) == channels);
}

void conv(void* kernel, TF_OpKernelContext* context) {
  Run run(context);
  const Geometry& g = *static_cast<Geometry*>(kernel);
  TF_Tensor *x = run.input(0), *filter = run.input(1), *bias = run.input(2);
  const int64_t samples = axis(x, 0), inputs = axis(x, 3), outputs = axis(filter, 3);
  const bool fits = hasShape(x, {samples, g.height, g.width, inputs}) &&
                    hasShape(filter, {g.filterHeight, g.filterWidth, inputs, outputs}) && fitsChannels(bias, outputs);
  if (!run.good(fits, "FoveaConv: inputs must fit the geometry")) return;
  TF_Tensor* y = run.output(0, {samples, g.outputHeight(), g.outputWidth(), outputs});
  if (!run.good(true, "")) return;
  convolve(g, samples, inputs, outputs, values(x), values(filter), biasOf(bias), values(y));
}

void convInput(void* kernel, TF_OpKernelContext* context) {
  Run run(context);
  const Geometry& g = *static_cast<Geometry*>(kernel);
  TF_Tensor *dy = run.input(0), *filter = run.input(1), *bias = run.input(2);
  const int64_t samples = axis(dy, 0), inputs = axis(filter, 2), outputs = axis(dy, 3);
  const bool fits = hasShape(dy, {samples, g.outputHeight(), g.outputWidth(), outputs}) &&
                    hasShape(filter, {g.filterHeight, g.filterWidth, inputs, outputs}) && fitsChannels(bias, inputs) &&
                    !(g.reflect && biasOf(bias) != nullptr);
  if (!run.good(fits, "FoveaConvInput: inputs must fit the geometry")) return;
  TF_Tensor* dx = run.output(0, {samples, g.height, g.width, inputs});
  if (!run.good(true, "")) return;
  convolveInput(g, samples, inputs, outputs, values(dy), values(filter), biasOf(bias), values(dx));
}

void convFilter(void* kernel, TF_OpKernelContext* context) {
  Run run(context);
  const Geometry& g = *static_cast<Geometry*>(kernel);
  TF_Tensor *x = run.input(0), *dy = run.input(1);
  const int64_t samples = axis(x, 0), inputs = axis(x, 3), outputs = axis(dy, 3);
  const bool fits = hasShape(x, {samples, g.height, g.width, inputs}) &&
                    hasShape(dy, {samples, g.outputHeight(), g.outputWidth(), outputs});
  if (!run.good(fits, "FoveaConvFilter: inputs must fit the geometry")) return;
  TF_Tensor* filter = run.output(0, {g.filterHeight, g.filterWidth, inputs, outputs});
  if (!run.good(true, "")) return;
  convolveFilter(g, samples, inputs, outputs, values(x), values(dy), values(filter));
}

void sums(void*, TF_OpKernelContext* context) {
  Run run(context);
  TF_Tensor* x = run.input(0);
  if (!run.good(x != nullptr && TF_NumDims(x) >= 1, "FoveaChannelSums: x must have an axis")) return;
  const int64_t channels = shapeOf(x).back();
  TF_Tensor* total = run.output(0, {channels});
  if (!run.good(true, "")) return;
  channelSums(values(x), channels == 0 ? 0 : TF_TensorElementCount(x) / channels, channels, values(total));
}

// Gives the first thing that went wrong, or an empty text.
std::string registerAll() {
  const auto nothing = [](void*) {};
  const char* geometry = "geometry: list(int)";
  for (const std::string& message : {
           registerOp("FoveaInstanceNorm", {"x: float", "scale: float", "shift: float"},
                      {"y: float", "mean: float", "deviation: float"}, {"epsilon: float"}, createNorm, instanceNorm,
                      destroyNorm),
           registerOp("FoveaInstanceNormGrad",
                      {"dy: float", "x: float", "scale: float", "mean: float", "deviation: float"},
                      {"dx: float", "dscale: float", "dshift: float"}, {}, createNothing, instanceNormGrad, nothing),
           registerOp("FoveaConv", {"x: float", "filter: float", "bias: float"}, {"y: float"}, {geometry},
                      createGeometry, conv, destroyGeometry),
           registerOp("FoveaConvInput", {"dy: float", "filter: float", "bias: float"}, {"dx: float"}, {geometry},
                      createGeometry, convInput, destroyGeometry),
           registerOp("FoveaConvFilter", {"x: float", "dy: float"}, {"dfilter: float"}, {geometry}, createGeometry,
                      convFilter, destroyGeometry),
           registerOp("FoveaChannelSums", {"x: float"}, {"sums: float"}, {}, createNothing, sums, nothing),
       }) {
    if (!message.empty()) return message;
  }
  return "";
}

napi_value init(napi_env env, napi_value exports) {
  // Ops belong to the process; a second thread of Node that loads the addon finds them registered.
  static std::once_flag once;
  static std::string message;
  std::call_once(once, [] { message = registerAll(); });
  if (!message.empty()) napi_throw_error(env, nullptr, message.c_str());
  exportFloat64(env, exports);
  return exports;
}

}  // namespace

NAPI_MODULE(kernels, init)
