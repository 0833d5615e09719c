// Float64 linear algebra for Node: the functions of float64.h and eigenvalues.h on typed arrays, by all cores, in the form that suits the processor.
// What each takes is said in engine/float64/native.ts, which checks sizes.
#include <node_api.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "team.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx2,fma")
namespace avx512 {
#define LANES 8
#include "float64.h"
#include "eigenvalues.h"
#undef LANES
}  // namespace avx512
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
#define LANES 4
#include "float64.h"
#include "eigenvalues.h"
#undef LANES
}  // namespace avx2
#pragma GCC pop_options
#define KINDS 1
#endif
namespace portable {
#define LANES 2
#include "float64.h"
#include "eigenvalues.h"
#undef LANES
}  // namespace portable

namespace {

using fovea::Team;

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
// The same by a team; `work` is the number of multiplications.
#define SHARE(work, call) Team::share(work, [&](Team& team) { DISPATCH(call); })

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
  void* array(bool* single = nullptr, size_t* length = nullptr) {
    napi_typedarray_type type;
    void* data = nullptr;
    napi_get_typedarray_info(env, values[at++], &type, length, &data, nullptr, nullptr);
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

napi_value allFinite(napi_env env, napi_callback_info info) {
  Call call(env, info);
  bool single = false;
  size_t count = 0;
  const void* values = call.array(&single, &count);
  std::atomic<bool> good{true};
  const auto look = [&](const auto* data) {
    Team::share(8 * static_cast<double>(count), [&](Team& team) {
      bool own = true;
      DISPATCH(allFinite(team, data, static_cast<long>(count), &own));
      if (!own) good = false;
    });
  };
  if (single) {
    look(static_cast<const float*>(values));
  } else {
    look(static_cast<const double*>(values));
  }
  return call.answer(good);
}

napi_value isSymmetric(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const double* a = call.doubles();
  const long size = call.number();
  const double tolerance = call.real();
  double largest = 0, apart = 0;
  std::mutex one;
  const auto look = [&](Team& team) {
    double ownLargest = 0, ownApart = 0;
    DISPATCH(triangles(team, a, size, &ownLargest, &ownApart));
    const std::lock_guard<std::mutex> lock(one);
    largest = std::max(largest, ownLargest);
    apart = std::max(apart, ownApart);
  };
  Team::share(8 * static_cast<double>(size) * size, look);
  return call.answer(apart <= tolerance * largest);
}

napi_value addMoments(napi_env env, napi_callback_info info) {
  Call call(env, info);
  bool single = false;
  const void* x = call.array(&single);
  const long rows = call.number(), columns = call.number(), count = call.number();
  double *mean = call.doubles(), *scatter = call.doubles();
  const auto space = scratch(portable::addMomentsScratch(columns + kWidest, Team::largest()));
  const auto add = [&](const auto* values) {
    SHARE(static_cast<double>(rows) * columns * columns,
          addMoments(team, values, rows, columns, count, mean, scatter, space.get()));
  };
  if (single) {
    add(static_cast<const float*>(x));
  } else {
    add(static_cast<const double*>(x));
  }
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
  const auto space = scratch(portable::multiplyScratch(columns + kWidest, Team::largest()));
  SHARE(static_cast<double>(rows) * columns * inner,
        multiplyPlain(team, a, aTurned, b, bTurned, rows, columns, inner, c, space.get()));
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
  const auto values = scratch(rows * columns);
  const auto space = scratch(portable::multiplyScratch(width + kWidest, Team::largest()));
  SHARE(static_cast<double>(rows) * columns * (width + 32),
        kernelSums(team, products, rows, columns, degree, gamma, coefficient, weights, width, values.get(), sums,
                   columnSums, space.get()));
  return nullptr;
}

napi_value mirror(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const double* lower = call.doubles();
  const long size = call.number();
  const double divisor = call.real();
  double* result = call.doubles();
  SHARE(8 * static_cast<double>(size) * size, mirror(team, lower, size, divisor, result));
  return nullptr;
}

napi_value cholesky(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const double* symmetric = call.doubles();
  const long size = call.number();
  double* lower = call.doubles();
  const auto space = scratch(portable::choleskyScratch(size + kWidest, Team::largest()));
  bool good = true;
  SHARE(cube(size), cholesky(team, symmetric, lower, size, space.get(), &good));
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
  const auto band = scratch(portable::bandSize(size)), beside = scratch(size);
  {
    const auto space = scratch(portable::toBandScratch(size + kWidest, Team::largest()));
    SHARE(cube(size), toBand(team, a, size, band.get(), space.get()));
  }
  {
    const auto space = scratch(portable::bandToTridiagonalScratch(size));
    SHARE(2.0 * portable::kBand * size * size,
          bandToTridiagonal(team, band.get(), size, values, beside.get(), space.get()));
  }
  const bool settled = portable::tridiagonalEigenvalues(values, beside.get(), size);
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
  const auto product = scratch(size * size);
  {
    const auto space = scratch(portable::congruenceScratch(size + kWidest, Team::largest()));
    SHARE(cube(size), congruence(team, lower, symmetric, size, product.get(), space.get()));
  }
  return call.answer(eigenvaluesInPlace(product.get(), size, values));
}

}  // namespace

namespace fovea {

void exportFloat64(napi_env env, napi_value exports) {
  const std::pair<const char*, napi_callback> functions[] = {{"allFinite", allFinite},
                                                             {"isSymmetric", isSymmetric},
                                                             {"addMoments", addMoments},
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
}

}  // namespace fovea
