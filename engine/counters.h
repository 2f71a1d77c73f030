// What EngineStats reports, counted by all threads.
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/engine.h"

namespace cloche::engine {

struct Counters {
  std::atomic<uint64_t> compiles = 0, cache_hits = 0, cache_rejects = 0;
  std::atomic<uint64_t> forks = 0, switches = 0, preemptions = 0, traps = 0, slots = 0;
  std::atomic<uint64_t> lost_slots = 0;

  static void count(std::atomic<uint64_t>& counter) {
    counter.fetch_add(1, std::memory_order_relaxed);
  }
  EngineStats snapshot() const {
    EngineStats stats;
    stats.compiles = compiles;
    stats.cache_hits = cache_hits;
    stats.cache_rejects = cache_rejects;
    stats.forks = forks;
    stats.switches = switches;
    stats.preemptions = preemptions;
    stats.traps = traps;
    stats.slots = slots;
    stats.lost_slots = lost_slots;
    return stats;
  }
};

}  // namespace cloche::engine
