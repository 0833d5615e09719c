// Float64 linear algebra for Node: the functions of float64.h on typed arrays, by all cores, in the form that suits the processor.
// What each takes is said in engine/float64/native.ts, which checks sizes.
#include <node_api.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx2,fma")
namespace avx512 {
#define LANES 8
#include "float64.h"
#undef LANES
}  // namespace avx512
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
#define LANES 4
#include "float64.h"
#undef LANES
}  // namespace avx2
#pragma GCC pop_options
#define KINDS 1
#endif
namespace portable {
#define LANES 2
#include "float64.h"
#undef LANES
}  // namespace portable

namespace {

// As many threads as TensorFlow itself is told to use, which work on one function at a time.
class Threads {
 public:
  static Threads& shared() {
    // Never destroyed: its threads sleep until the process ends.
    static Threads* threads = new Threads(count());
    return *threads;
  }

  struct Team {
    std::atomic<long>&arrived, &tickets;
    const long index, size;
    long turn = 0;

    // Until all are here. The others are a few microseconds behind, so it is looked for before it is slept on.
    void wait() {
      turn += 1;
      if (arrived.fetch_add(1) + 1 == turn * size) return;
      for (int spins = 0; arrived.load() < turn * size; spins += 1) {
        if (spins < kSpins) {
          pause();
        } else {
          std::this_thread::yield();
        }
      }
    }
    long ticket() { return tickets.fetch_add(1); }
    void rewind() {
      if (index == 0) tickets.store(0);
    }
  };

  // `work` is the number of multiplications: few are done sooner by one thread.
  void run(double work, const std::function<void(Team&)>& task) {
    if (size_ == 1 || work < kWorthSharing) {
      Alone alone;
      Team team{alone.arrived, alone.tickets, 0, 1};
      task(team);
      return;
    }
    std::lock_guard<std::mutex> one(running_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      task_ = &task;
      left_ = size_ - 1;
      round_ += 1;
      arrived_ = 0;
      tickets_ = 0;
    }
    wake_.notify_all();
    Team team{arrived_, tickets_, 0, size_};
    task(team);
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return left_ == 0; });
  }

  long size() const { return size_; }

 private:
  static constexpr int kSpins = 1024;
  static constexpr double kWorthSharing = 1 << 23;

  struct Alone {
    std::atomic<long> arrived{0}, tickets{0};
  };

  explicit Threads(long size) : size_(size) {
    for (long index = 1; index < size; index += 1) std::thread([this, index] { serve(index); }).detach();
  }

  static long count() {
    const char* asked = std::getenv("TF_NUM_INTRAOP_THREADS");
    const long number = asked == nullptr ? 0 : std::atol(asked);
    return number > 0 ? number : std::max(1u, std::thread::hardware_concurrency());
  }

  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  void serve(long index) {
    uint64_t seen = 0;
    while (true) {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return round_ != seen; });
      seen = round_;
      const auto* task = task_;
      lock.unlock();
      Team team{arrived_, tickets_, index, size_};
      (*task)(team);
      lock.lock();
      left_ -= 1;
      if (left_ == 0) done_.notify_one();
    }
  }

  const long size_;
  std::mutex running_, mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(Team&)>* task_ = nullptr;
  std::atomic<long> arrived_{0}, tickets_{0};
  long left_ = 0;
  uint64_t round_ = 0;
};

using Team = Threads::Team;

double cube(double size) { return size * size * size; }

// Each kind of processor rounds columns up to a tile of its own; none is wider.
constexpr long kWidest = 64;

std::unique_ptr<double[]> scratch(long values) { return std::unique_ptr<double[]>(new double[values]); }

// Calls `function` of the kind of processor that this is.
#ifdef KINDS
enum class Kind { avx512, avx2, portable };
Kind kind() {
  static const Kind found = [] {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return Kind::avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Kind::avx2;
    return Kind::portable;
  }();
  return found;
}
#define DISPATCH(call)                           \
  switch (kind()) {                              \
    case Kind::avx512: avx512::call; break;      \
    case Kind::avx2: avx2::call; break;          \
    case Kind::portable: portable::call; break;  \
  }
#else
#define DISPATCH(call) portable::call
#endif

// One argument after another.
struct Call {
  napi_env env;
  std::vector<napi_value> values;
  size_t at = 0;

  Call(napi_env environment, napi_callback_info info) : env(environment), values(10) {
    size_t count = values.size();
    napi_get_cb_info(env, info, &count, values.data(), nullptr, nullptr);
  }
  double real() {
    double value = 0;
    napi_get_value_double(env, values[at++], &value);
    return value;
  }
  long number() { return static_cast<long>(real()); }
  void* array(bool* single = nullptr) {
    napi_typedarray_type type;
    void* data = nullptr;
    napi_get_typedarray_info(env, values[at++], &type, nullptr, &data, nullptr, nullptr);
    if (single != nullptr) *single = type == napi_float32_array;
    return data;
  }
  double* doubles() { return static_cast<double*>(array()); }
  napi_value answer(bool good) {
    napi_value value;
    napi_get_boolean(env, good, &value);
    return value;
  }
};

napi_value addScatter(napi_env env, napi_callback_info info) {
  Call call(env, info);
  bool single = false;
  const void* x = call.array(&single);
  const long rows = call.number(), columns = call.number();
  double *mean = call.doubles(), *scatter = call.doubles();
  Threads& threads = Threads::shared();
  const auto space = scratch(portable::multiplyScratch(columns + kWidest, threads.size()));
  threads.run(static_cast<double>(rows) * columns * columns, [&](Team& team) {
    if (single) {
      DISPATCH(addScatter(team, static_cast<const float*>(x), rows, columns, mean, scatter, space.get()));
    } else {
      DISPATCH(addScatter(team, static_cast<const double*>(x), rows, columns, mean, scatter, space.get()));
    }
  });
  return nullptr;
}

napi_value multiply(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const double* a = call.doubles();
  const bool aTurned = call.number() != 0;
  const double* b = call.doubles();
  const bool bTurned = call.number() != 0;
  const long rows = call.number(), columns = call.number(), inner = call.number();
  double* c = call.doubles();
  Threads& threads = Threads::shared();
  const auto space = scratch(portable::multiplyScratch(columns + kWidest, threads.size()));
  threads.run(static_cast<double>(rows) * columns * inner, [&](Team& team) {
    DISPATCH(multiplyPlain(team, a, aTurned, b, bTurned, rows, columns, inner, c, space.get()));
  });
  return nullptr;
}

napi_value kernelSums(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const float* products = static_cast<const float*>(call.array());
  const long rows = call.number(), columns = call.number(), degree = call.number();
  const double gamma = call.real(), coefficient = call.real();
  const double* weights = call.doubles();
  const long width = call.number();
  double *sums = call.doubles(), *columnSums = call.doubles();
  Threads& threads = Threads::shared();
  const auto values = scratch(rows * columns);
  const auto space = scratch(portable::multiplyScratch(width + kWidest, threads.size()));
  threads.run(static_cast<double>(rows) * columns * (width + 32), [&](Team& team) {
    DISPATCH(kernelSums(team, products, rows, columns, degree, gamma, coefficient, weights, width, values.get(), sums,
                        columnSums, space.get()));
  });
  return nullptr;
}

napi_value mirror(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const double* lower = call.doubles();
  const long size = call.number();
  const double divisor = call.real();
  double* result = call.doubles();
  Threads::shared().run(8 * static_cast<double>(size) * size, [&](Team& team) { DISPATCH(mirror(team, lower, size, divisor, result)); });
  return nullptr;
}

napi_value cholesky(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const double* symmetric = call.doubles();
  const long size = call.number();
  double* lower = call.doubles();
  Threads& threads = Threads::shared();
  const auto space = scratch(portable::choleskyScratch(size + kWidest, threads.size()));
  bool good = true;
  threads.run(cube(size), [&](Team& team) { DISPATCH(cholesky(team, symmetric, lower, size, space.get(), &good)); });
  return call.answer(good);
}

// Eigenvalues of the symmetric matrix whose lower triangle is that of a, which is lost; false where they cannot be had.
bool eigenvaluesInPlace(double* a, long size, double* values) {
  const double largest = portable::largestSize(a, size);
  if (!std::isfinite(largest)) return false;
  // Squares of the values must neither overflow nor vanish; a power of two costs no digit.
  const int scale = largest > 0 ? std::ilogb(largest) : 0, power = std::abs(scale) < 200 ? 0 : scale;
  for (long row = 0; row < size && power != 0; row += 1) {
    for (long column = 0; column <= row; column += 1) a[row * size + column] = std::ldexp(a[row * size + column], -power);
  }
  Threads& threads = Threads::shared();
  const long own = portable::tridiagonalScratch(size + kWidest, threads.size());
  const auto space = scratch(own + size);
  double* beside = space.get() + own;
  threads.run(cube(size), [&](Team& team) { DISPATCH(tridiagonalise(team, a, size, values, beside, space.get())); });
  const bool settled = portable::tridiagonalEigenvalues(values, beside, size);
  std::sort(values, values + size);
  for (long index = 0; index < size; index += 1) values[index] = std::ldexp(values[index], power);
  return settled;
}

napi_value eigenvalues(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const double* symmetric = call.doubles();
  const long size = call.number();
  double* values = call.doubles();
  const auto space = scratch(size * size);
  std::copy(symmetric, symmetric + size * size, space.get());
  return call.answer(eigenvaluesInPlace(space.get(), size, values));
}

napi_value productEigenvalues(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const double *lower = call.doubles(), *symmetric = call.doubles();
  const long size = call.number();
  double* values = call.doubles();
  Threads& threads = Threads::shared();
  const auto product = scratch(size * size);
  {
    const auto space = scratch(portable::congruenceScratch(size + kWidest, threads.size()));
    threads.run(cube(size), [&](Team& team) { DISPATCH(congruence(team, lower, symmetric, size, product.get(), space.get())); });
  }
  return call.answer(eigenvaluesInPlace(product.get(), size, values));
}

napi_value init(napi_env env, napi_value exports) {
  const std::pair<const char*, napi_callback> functions[] = {{"addScatter", addScatter},
                                                             {"multiply", multiply},
                                                             {"cholesky", cholesky},
                                                             {"kernelSums", kernelSums},
                                                             {"mirror", mirror},
                                                             {"eigenvalues", eigenvalues},
                                                             {"productEigenvalues", productEigenvalues}};
  for (const auto& [name, callback] : functions) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  }
  return exports;
}

}  // namespace

NAPI_MODULE(float64, init)
