// Threads that share the parts of one kernel.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The compiler makes one version for each kind of processor and the loader picks the one that fits.
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define EACH_PROCESSOR
#endif

namespace fovea {

// As many threads as TensorFlow itself is told to use. Kernels of a network follow each other within microseconds, so a thread
// looks for the next one for a while before it sleeps, and nobody waits for a thread that wakes when no part is left.
class Workers {
 public:
  // Floating-point operations, or values moved, below which a second thread does not pay.
  static constexpr int64_t kWorthSharing = 1 << 15;

  static Workers& shared() {
    // Never destroyed: its threads sleep until the process ends.
    static Workers* workers = new Workers(count());
    return *workers;
  }

  int threads() const { return threads_; }

  static void pause() {
#if defined(__x86_64__)
    _mm_pause();
#else
    std::this_thread::yield();
#endif
  }

  // Calls part(0) ... part(parts - 1), each once, on any thread; `work` of all parts together says whether that is worth it.
  void run(int64_t parts, int64_t work, const std::function<void(int64_t)>& part) {
    if (threads_ == 1 || parts == 1 || work < kWorthSharing) {
      for (int64_t index = 0; index < parts; index += 1) part(index);
      return;
    }
    std::lock_guard<std::mutex> one(running_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      part_ = &part;
      parts_ = parts;
      next_ = 0;
      open_ = true;
      round_ += 1;
    }
    if (sleeping_ > 0) wake_.notify_all();
    take(part, parts);
    std::unique_lock<std::mutex> lock(mutex_);
    open_ = false;
    for (int turn = 0; turn < kTurns && busy_ > 0; turn += 1) {
      lock.unlock();
      pause();
      lock.lock();
    }
    done_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  // Some tens of microseconds.
  static constexpr int kTurns = 2000;

  explicit Workers(int threads) : threads_(threads) {
    for (int index = 1; index < threads; index += 1) std::thread([this] { serve(); }).detach();
  }

  static int count() {
    const char* asked = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int number = asked == nullptr ? 0 : std::atoi(asked);
    return number > 0 ? number : std::max(1u, std::thread::hardware_concurrency());
  }

  void take(const std::function<void(int64_t)>& part, int64_t parts) {
    for (int64_t index = next_.fetch_add(1); index < parts; index = next_.fetch_add(1)) part(index);
  }

  void serve() {
    uint64_t seen = 0;
    while (true) {
      for (int turn = 0; turn < kTurns && round_ == seen; turn += 1) pause();
      std::unique_lock<std::mutex> lock(mutex_);
      if (round_ == seen) {
        sleeping_ += 1;
        wake_.wait(lock, [&] { return round_ != seen; });
        sleeping_ -= 1;
      }
      seen = round_;
      if (!open_) continue;
      const auto* part = part_;
      const int64_t parts = parts_;
      busy_ += 1;
      lock.unlock();
      take(*part, parts);
      lock.lock();
      busy_ -= 1;
      if (busy_ == 0) done_.notify_one();
    }
  }

  const int threads_;
  std::mutex running_, mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(int64_t)>* part_ = nullptr;
  int64_t parts_ = 0;
  std::atomic<int64_t> next_{0};
  // Threads that have joined the round; `open_` while others may.
  int busy_ = 0;
  bool open_ = false;
  std::atomic<int> sleeping_{0};
  std::atomic<uint64_t> round_{0};
};

}  // namespace fovea
