// Threads that work on one function together and wait for each other on the way.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "workers.h"

namespace fovea {

// One thread's place in its team.
class Team {
 public:
  const long index, size;

  // The most threads that a team has.
  static long largest() { return Workers::shared().threads(); }

  // Calls `task` once on each thread of a team; `work` is the number of multiplications: few are done sooner by one thread.
  static void share(double work, const std::function<void(Team&)>& task) {
    const long size = work < kWorthSharing ? 1 : largest();
    // In lines of their own: all threads look at them all the time.
    alignas(64) std::atomic<long> arrived{0};
    alignas(64) std::atomic<long> tickets{0};
    // A thread inside `wait` takes no second part, so every part that waits has a thread of its own.
    Workers::shared().run(size, Workers::kWorthSharing, [&](int64_t index) {
      Team team(index, size, arrived, tickets);
      task(team);
    });
  }

  // Until all are here. The others are a few microseconds behind, so it is looked for before it is slept on.
  void wait() {
    turn_ += 1;
    if (arrived_.fetch_add(1) + 1 == turn_ * size) return;
    for (int spins = 0; arrived_.load() < turn_ * size; spins += 1) pause(spins);
  }

  // Between two looks at what another thread does, of which there were `spins`.
  void pause(int spins) const {
    if (spins < kSpins) {
      Workers::pause();
    } else {
      std::this_thread::yield();
    }
  }

  // 0, 1, 2 ... over all threads of the team, until it is rewound.
  long ticket() { return tickets_.fetch_add(1); }
  void rewind() {
    if (index == 0) tickets_.store(0);
  }

 private:
  static constexpr int kSpins = 1024;
  static constexpr double kWorthSharing = 1 << 23;

  Team(long place, long count, std::atomic<long>& arrived, std::atomic<long>& tickets)
      : index(place), size(count), arrived_(arrived), tickets_(tickets) {}

  std::atomic<long>&arrived_, &tickets_;
  long turn_ = 0;
};

}  // namespace fovea
