// Kernels of our own for TensorFlow's processor device, registered through its C API when Node loads this addon.
//
// FoveaInstanceNorm: x [N, H, W, C], scale [C], shift [C] -> y = (x - mean) * deviation * scale + shift like x, and the mean and
//   deviation = 1 / sqrt(variance + epsilon) of each sample and channel over H and W, [N, C].
// FoveaInstanceNormGrad: dy and x [N, H, W, C], scale [C], mean and deviation [N, C] -> dx like x, dscale [C], dshift [C].
//
// TensorFlow has no such kernel: from its ops, a normalisation reads memory seven times or transposes it twice. Here a block of
// channels of one sample stays in the cache for all passes. Sums run over few pixels in float32 and then in float64, in an order
// that does not depend on the number of threads: against float64, results are closer than PyTorch's.
#include <node_api.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

// From tensorflow/c/kernels.h, which includes headers that a wheel may lack.
extern "C" {
struct TF_KernelBuilder;
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;
TF_KernelBuilder* TF_NewKernelBuilder(const char* op, const char* device, void* (*make)(TF_OpKernelConstruction*),
                                      void (*compute)(void*, TF_OpKernelContext*), void (*remove)(void*));
void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder* builder, TF_Status* status);
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction* construction, const char* name, float* value,
                                          TF_Status* status);
void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction* construction, TF_Status* status);
void TF_OpKernelContext_Failure(TF_OpKernelContext* context, TF_Status* status);
void TF_GetInput(TF_OpKernelContext* context, int index, TF_Tensor** tensor, TF_Status* status);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext* context, int index, TF_DataType type, const int64_t* shape,
                             int dimensions, size_t bytes, TF_Status* status);
}

// The compiler makes one version for each kind of processor and the loader picks the one that fits.
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define EACH_PROCESSOR
#endif

namespace {

// Threads that share the parts of one kernel. As many as TensorFlow itself is told to use.
class Workers {
 public:
  // Waking a thread takes as long as some ten thousand values.
  static constexpr int64_t kWorthSharing = 1 << 15;

  static Workers& shared() {
    // Never destroyed: its threads sleep until the process ends.
    static Workers* workers = new Workers(count());
    return *workers;
  }

  // Calls part(0) ... part(parts - 1), each once, on any thread; `values` of all parts together say whether that is worth it.
  void run(int64_t parts, int64_t values, const std::function<void(int64_t)>& part) {
    if (threads_ == 1 || parts == 1 || values < kWorthSharing) {
      for (int64_t index = 0; index < parts; index += 1) part(index);
      return;
    }
    std::lock_guard<std::mutex> one(running_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      part_ = &part;
      parts_ = parts;
      next_ = 0;
      left_ = threads_ - 1;
      round_ += 1;
    }
    wake_.notify_all();
    work(part, parts);
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  explicit Workers(int threads) : threads_(threads) {
    for (int index = 1; index < threads; index += 1) std::thread([this] { serve(); }).detach();
  }

  static int count() {
    const char* asked = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int number = asked == nullptr ? 0 : std::atoi(asked);
    return number > 0 ? number : std::max(1u, std::thread::hardware_concurrency());
  }

  void work(const std::function<void(int64_t)>& part, int64_t parts) {
    for (int64_t index = next_.fetch_add(1); index < parts; index = next_.fetch_add(1)) part(index);
  }

  void serve() {
    uint64_t seen = 0;
    while (true) {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return round_ != seen; });
      seen = round_;
      const auto* part = part_;
      const int64_t parts = parts_;
      lock.unlock();
      work(*part, parts);
      lock.lock();
      left_ -= 1;
      if (left_ == 0) done_.notify_one();
    }
  }

  const int threads_;
  std::mutex running_, mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(int64_t)>* part_ = nullptr;
  int64_t parts_ = 0;
  std::atomic<int64_t> next_{0};
  int left_ = 0;
  uint64_t round_ = 0;
};

// Channels that one part handles; their sums stay in registers.
constexpr int64_t kBlock = 32;
// Pixels that are summed in float32.
constexpr int64_t kGroup = 16;

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

struct Forward {
  const float *x, *scale, *shift;
  float *y, *mean, *deviation;
  int64_t pixels, channels;
  float epsilon;
};

template <typename Width>
inline __attribute__((always_inline)) void normalise(const Forward& f, int64_t offset, int64_t channel, int64_t sample,
                                                     Width width) {
  const float* x = f.x + offset;
  float* y = f.y + offset;
  float* deviation = f.deviation + sample * f.channels + channel;
  // In float64: what rounding does to a whole channel, deep networks amplify.
  double mean[kBlock], factor[kBlock], shift[kBlock];
  statistics(x, f.pixels, f.channels, width, f.epsilon, mean, deviation);
  for (int64_t c = 0; c < width; c += 1) {
    f.mean[sample * f.channels + channel + c] = static_cast<float>(mean[c]);
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

// A width that the compiler knows keeps sums in registers.
struct Whole {
  constexpr operator int64_t() const { return kBlock; }
};

EACH_PROCESSOR void forwardPart(const Forward& f, int64_t part) {
  const int64_t blocks = (f.channels + kBlock - 1) / kBlock;
  const int64_t sample = part / blocks, channel = part % blocks * kBlock;
  const int64_t offset = sample * f.pixels * f.channels + channel;
  const int64_t width = std::min(kBlock, f.channels - channel);
  if (width == kBlock) {
    normalise(f, offset, channel, sample, Whole());
  } else {
    normalise(f, offset, channel, sample, width);
  }
}

struct Backward {
  const float *dy, *x, *scale, *mean, *deviation;
  float* dx;
  // Per sample and channel: the sums of dy * normalised x, and of dy.
  double *products, *slopes;
  int64_t pixels, channels;
};

// With x^ the normalised input and <.> the mean over pixels: dx = deviation * scale * (dy - <dy> - x^ <dy x^>).
template <typename Width>
inline __attribute__((always_inline)) void differentiate(const Backward& b, int64_t offset, int64_t channel,
                                                         int64_t sample, Width width) {
  const float *dy = b.dy + offset, *x = b.x + offset;
  float* dx = b.dx + offset;
  const int64_t at = sample * b.channels + channel;
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

EACH_PROCESSOR void backwardPart(const Backward& b, int64_t part) {
  const int64_t blocks = (b.channels + kBlock - 1) / kBlock;
  const int64_t sample = part / blocks, channel = part % blocks * kBlock;
  const int64_t offset = sample * b.pixels * b.channels + channel;
  const int64_t width = std::min(kBlock, b.channels - channel);
  if (width == kBlock) {
    differentiate(b, offset, channel, sample, Whole());
  } else {
    differentiate(b, offset, channel, sample, width);
  }
}

// Inputs and outputs of one run; remembers the first failure.
class Run {
 public:
  explicit Run(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Run() {
    for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }

  TF_Tensor* input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    return hold(tensor);
  }

  TF_Tensor* output(int index, std::vector<int64_t> shape) {
    size_t bytes = sizeof(float);
    for (int64_t side : shape) bytes *= side;
    return hold(TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), shape.size(), bytes, status_));
  }

  // False, and the op fails, where something went wrong or `fits` does not hold.
  bool good(bool fits, const char* requirement) {
    if (TF_GetCode(status_) == TF_OK && !fits) TF_SetStatus(status_, TF_INVALID_ARGUMENT, requirement);
    if (TF_GetCode(status_) == TF_OK) return true;
    TF_OpKernelContext_Failure(context_, status_);
    return false;
  }

 private:
  TF_Tensor* hold(TF_Tensor* tensor) {
    if (tensor != nullptr) held_.push_back(tensor);
    return tensor;
  }

  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> held_;
};

float* values(TF_Tensor* tensor) { return static_cast<float*>(TF_TensorData(tensor)); }

std::vector<int64_t> shapeOf(TF_Tensor* tensor) {
  std::vector<int64_t> shape(TF_NumDims(tensor));
  for (size_t axis = 0; axis < shape.size(); axis += 1) shape[axis] = TF_Dim(tensor, axis);
  return shape;
}

void* create(TF_OpKernelConstruction* construction) {
  float* epsilon = new float(0);
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", epsilon, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return epsilon;
}

void* createNothing(TF_OpKernelConstruction*) { return nullptr; }

void destroy(void* kernel) { delete static_cast<float*>(kernel); }

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
  const int64_t parts = samples * ((channels + kBlock - 1) / kBlock);
  Workers::shared().run(parts, TF_TensorElementCount(x), [&f](int64_t part) { forwardPart(f, part); });
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
  const int64_t parts = samples * ((channels + kBlock - 1) / kBlock);
  Workers::shared().run(parts, TF_TensorElementCount(x), [&b](int64_t part) { backwardPart(b, part); });
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

void anyShape(TF_ShapeInferenceContext*, TF_Status* status) { TF_SetStatus(status, TF_OK, ""); }

using Names = std::vector<const char*>;

// Gives the first thing that went wrong, or an empty text.
std::string registerOp(const char* name, const Names& inputs, const Names& outputs, const Names& attributes,
                       void* (*make)(TF_OpKernelConstruction*), void (*compute)(void*, TF_OpKernelContext*),
                       void (*remove)(void*)) {
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(op, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(op, output);
  for (const char* attribute : attributes) TF_OpDefinitionBuilderAddAttr(op, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, anyShape);
  TF_Status* status = TF_NewStatus();
  TF_RegisterOpDefinition(op, status);
  if (TF_GetCode(status) == TF_OK) {
    TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", make, compute, remove), status);
  }
  const std::string message = TF_GetCode(status) == TF_OK ? "" : TF_Message(status);
  TF_DeleteStatus(status);
  return message;
}

napi_value init(napi_env env, napi_value exports) {
  // Ops belong to the process; a second thread of Node that loads the addon finds them registered.
  static std::once_flag once;
  static std::string message;
  std::call_once(once, [] {
    message = registerOp("FoveaInstanceNorm", {"x: float", "scale: float", "shift: float"},
                         {"y: float", "mean: float", "deviation: float"}, {"epsilon: float"}, create, instanceNorm,
                         destroy);
    if (!message.empty()) return;
    message = registerOp("FoveaInstanceNormGrad",
                         {"dy: float", "x: float", "scale: float", "mean: float", "deviation: float"},
                         {"dx: float", "dscale: float", "dshift: float"}, {}, createNothing, instanceNormGrad,
                         [](void*) {});
  });
  if (!message.empty()) napi_throw_error(env, nullptr, message.c_str());
  return exports;
}

}  // namespace

NAPI_MODULE(kernels, init)
