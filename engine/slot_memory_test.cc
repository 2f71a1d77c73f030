// The memory of a slot against a model: random forks, switches, writes, growth, discards and
// deaths, after each of which every byte that was ever written must be what the model says.
#include "engine/slot_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <string>

namespace cloche::engine {
namespace {

constexpr uint64_t kInitial = 4 * kWasmPage;

Ref<Layer> make_base() {
  auto file = LayerFile::create();
  CHECK(file.ok());
  // Not the first of its file.
  auto other = Layer::create(*file, Layer::Kind::kBase);
  auto layer = Layer::create(*file, Layer::Kind::kBase);
  CHECK(other.ok() && layer.ok());
  const uint8_t junk[] = "of another layer";
  CHECK((*other)->write(0, junk).ok());
  const uint8_t text[] = "initial data";
  CHECK((*layer)->write(2 * kPageSize + 100, text).ok());
  (*layer)->file_end = 3 * kPageSize;
  return *layer;
}

std::unique_ptr<PageScanner> make_scanner(PageScanner::Method method) {
  auto scanner = PageScanner::create(method);
  return scanner.ok() ? std::move(scanner).value() : nullptr;
}

// Mappings of this process that lie in [start, start + size) and are accessible.
int count_mappings(const uint8_t* start, uint64_t size) {
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);) {
    uint64_t from = std::stoull(line, nullptr, 16);
    uint64_t to = std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
    uint64_t low = reinterpret_cast<uintptr_t>(start);
    bool accessible = line[line.find(' ') + 1] == 'r';
    if (from < low + size && to > low && accessible) ++count;
  }
  return count;
}

class SlotMemoryTest : public ::testing::TestWithParam<PageScanner::Method> {
 protected:
  void SetUp() override {
    scanner_ = make_scanner(GetParam());
    if (!scanner_) GTEST_SKIP() << "not on this kernel";
    auto memory = SlotMemory::create(*scanner_);
    ASSERT_TRUE(memory.ok());
    memory_ = std::move(memory).value();
    base_ = make_base();
    ASSERT_TRUE(memory_->reset(base_, kInitial).ok());
  }
  void TearDown() override { spaces_.clear(); }

  // An address space of the program's initial data.
  Ref<AddressSpace> fresh() { return memory_->add(base_); }
  void write(AddressSpace* space, uint64_t at, uint8_t value) {
    ASSERT_TRUE(memory_->make_resident(space).ok());
    memory_->base()[at] = value;
  }
  int read(AddressSpace* space, uint64_t at) {
    if (!memory_->make_resident(space).ok()) return -1;
    return memory_->base()[at];
  }

  std::unique_ptr<PageScanner> scanner_;
  std::unique_ptr<SlotMemory> memory_;
  Ref<Layer> base_;
  std::vector<Ref<AddressSpace>> spaces_;
};

INSTANTIATE_TEST_SUITE_P(Scanners, SlotMemoryTest,
                         ::testing::Values(PageScanner::Method::kPagemapScan,
                                           PageScanner::Method::kPagemap),
                         [](const auto& test) {
                           return test.param == PageScanner::Method::kPagemap ? "pagemap"
                                                                              : "pagemap_scan";
                         });

TEST_P(SlotMemoryTest, StartsAsItsLayer) {
  Ref<AddressSpace> space = fresh();
  EXPECT_EQ(read(space.get(), 2 * kPageSize + 100), 'i');
  EXPECT_EQ(read(space.get(), 0), 0);
  EXPECT_EQ(memory_->private_bytes(*space), 0u);
  write(space.get(), kInitial - 1, 9);
  EXPECT_EQ(memory_->private_bytes(*space), kPageSize);
  memory_->release(space.get());
}

TEST_P(SlotMemoryTest, RelativesDoNotSeeEachOthersWrites) {
  Ref<AddressSpace> parent = fresh();
  write(parent.get(), 5, 1);
  auto child = memory_->fork(parent.get());
  ASSERT_TRUE(child.ok());
  write(child->get(), 5, 2);
  EXPECT_EQ(read(parent.get(), 5), 1);
  write(parent.get(), 6, 3);
  EXPECT_EQ(read(child->get(), 5), 2);
  EXPECT_EQ(read(child->get(), 6), 0);
  memory_->release(parent.get());
  EXPECT_EQ(read(child->get(), 5), 2);
  memory_->release(child->get());
}

// The file and what is behind it: moves need that the kernel keeps it so.
TEST_P(SlotMemoryTest, StaysTwoMappingsThroughGrowthForksAndSwitches) {
  Ref<AddressSpace> parent = fresh();
  write(parent.get(), 5, 1);
  auto child = memory_->fork(parent.get());
  ASSERT_TRUE(child.ok());
  write(child->get(), 7, 1);  // the parent is parked now, with the small size
  ASSERT_TRUE(memory_->grow(8 * kWasmPage).ok());
  memory_->base()[7 * kWasmPage] = 1;
  EXPECT_EQ(count_mappings(memory_->base(), kMaxMemory), 2);
  EXPECT_EQ(read(parent.get(), 5), 1);  // comes back into a larger range
  EXPECT_EQ(read(parent.get(), 7 * kWasmPage), 0);
  EXPECT_EQ(count_mappings(memory_->base(), kMaxMemory), 2);
  EXPECT_EQ(read(child->get(), 7 * kWasmPage), 1);
  EXPECT_EQ(count_mappings(memory_->base(), kMaxMemory), 2);
  memory_->release(parent.get());
  memory_->release(child->get());
}

// Forking often with few written pages moves one mapping, not two.
TEST_P(SlotMemoryTest, AFamilyThatForksOftenIsOneMapping) {
  Ref<AddressSpace> parent = fresh();
  write(parent.get(), 0, 1);
  for (uint8_t turn = 2; turn < 10; ++turn) {
    auto child = memory_->fork(parent.get());
    ASSERT_TRUE(child.ok());
    write(child->get(), 0, 99);
    write(parent.get(), 0, turn);
    EXPECT_EQ(read(child->get(), 0), 99);
    EXPECT_EQ(read(parent.get(), 0), turn);
    EXPECT_EQ(read(parent.get(), kInitial - 1), 0);
    memory_->release(child->get());
  }
  EXPECT_EQ(parent->layer->kind(), Layer::Kind::kOwn);
  EXPECT_EQ(count_mappings(memory_->base(), kMaxMemory), 1);
  memory_->release(parent.get());
}

TEST(SealedLayerTest, NobodyCanWriteIt) {
  const uint8_t text[] = "initial data";
  const PlacedBytes placed[] = {{100, text}};
  auto sealed = create_sealed(placed, 2 * kPageSize);
  ASSERT_TRUE(sealed.ok());
  const int fd = sealed->get();
  EXPECT_EQ(pwrite(fd, text, 1, 0), -1);
  EXPECT_EQ(ftruncate(fd, 0), -1);
  EXPECT_EQ(ftruncate(fd, 3 * kPageSize), -1);
  EXPECT_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
  EXPECT_EQ(mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
  auto file = LayerFile::create();
  ASSERT_TRUE(file.ok());
  Ref<Layer> layer = Layer::over(*file, std::move(sealed).value(), 113);
  EXPECT_EQ(layer->file_end, kPageSize);
  EXPECT_FALSE(layer->write(0, text).ok());
  EXPECT_FALSE(layer->punch(0, kPageSize).ok());
}

// Two memories of one file, as two tenants have them.
TEST(SealedLayerTest, WhatOneMemoryWritesIsNotSeenByAnother) {
  auto scanner = PageScanner::create();
  ASSERT_TRUE(scanner.ok());
  const uint8_t text[] = "initial data";
  const PlacedBytes placed[] = {{100, text}};
  auto sealed = create_sealed(placed, kPageSize);
  ASSERT_TRUE(sealed.ok());
  auto make = [&] {
    auto file = LayerFile::create();
    auto memory = SlotMemory::create(**scanner);
    CHECK(file.ok() && memory.ok());
    OwnedFd fd(fcntl(sealed->get(), F_DUPFD_CLOEXEC, 0));
    Ref<Layer> layer = Layer::over(*file, std::move(fd), kPageSize);
    CHECK((*memory)->reset(layer, kWasmPage).ok());
    Ref<AddressSpace> space = (*memory)->add(layer);
    CHECK((*memory)->make_resident(space.get()).ok());
    return std::make_pair(std::move(memory).value(), space);
  };
  auto [first, first_space] = make();
  auto [second, second_space] = make();
  for (uint64_t at = 0; at < kPageSize; ++at) first->base()[at] = 0xee;
  EXPECT_EQ(memcmp(second->base() + 100, text, sizeof text), 0);
  EXPECT_EQ(second->base()[0], 0);
  first->release(first_space.get());
  second->release(second_space.get());
}

TEST_P(SlotMemoryTest, DiscardedPagesReadAsZeroNotAsTheLayer) {
  Ref<AddressSpace> parent = fresh();
  auto discard = [&](AddressSpace* space, uint64_t first, uint64_t count) {
    ASSERT_TRUE(memory_->make_resident(space).ok());
    ASSERT_TRUE(memory_->discard(first * kPageSize, count * kPageSize).ok());
  };
  discard(parent.get(), 2, 1);  // base layer: shared
  EXPECT_EQ(read(parent.get(), 2 * kPageSize + 100), 0);
  for (uint64_t page = 3; page < 63; ++page) write(parent.get(), page * kPageSize, 4);
  auto first = memory_->fork(parent.get());
  ASSERT_TRUE(first.ok());
  memory_->release(first->get());
  auto second = memory_->fork(parent.get());  // from here on the parent has a layer of its own
  ASSERT_TRUE(second.ok());
  ASSERT_EQ(parent->layer->kind(), Layer::Kind::kOwn);
  ASSERT_FALSE(parent->layer->exclusive());
  discard(parent.get(), 10, 2);
  EXPECT_EQ(read(parent.get(), 10 * kPageSize), 0);
  EXPECT_EQ(read(parent.get(), 12 * kPageSize), 4);
  EXPECT_EQ(read(second->get(), 10 * kPageSize), 4);
  memory_->release(second->get());
  ASSERT_TRUE(parent->layer->exclusive());
  write(parent.get(), 10 * kPageSize, 6);
  discard(parent.get(), 8, 8);
  EXPECT_EQ(read(parent.get(), 10 * kPageSize), 0);
  EXPECT_EQ(read(parent.get(), 12 * kPageSize), 0);
  EXPECT_EQ(read(parent.get(), 16 * kPageSize), 4);
  memory_->release(parent.get());
}

// What was never written costs nothing, however often it is read.
TEST_P(SlotMemoryTest, ReadingCostsNoMemory) {
  Ref<AddressSpace> space = fresh();
  ASSERT_TRUE(memory_->make_resident(space.get()).ok());
  ASSERT_TRUE(memory_->grow(512 * kWasmPage).ok());
  int sum = 0;
  for (uint64_t at = 3 * kPageSize; at < memory_->size(); at += kPageSize) {
    sum += memory_->base()[at];
  }
  EXPECT_EQ(sum, 0);
  EXPECT_LE(base_->allocated(), 3 * kPageSize);
  if (GetParam() == PageScanner::Method::kPagemapScan) {  // the other counts the zero page
    EXPECT_EQ(memory_->host_bytes(), 0u);
  }
  for (uint64_t at = kInitial; at < 2 * kInitial; ++at) memory_->base()[at] = 1;
  EXPECT_LE(base_->allocated(), 3 * kPageSize);  // nor does it cost twice to write
  memory_->release(space.get());
}

TEST_P(SlotMemoryTest, HostBytesCountsParkedPagesAndOwnLayersOnce) {
  Ref<AddressSpace> parent = fresh();
  for (uint64_t page = 3; page < 63; ++page) write(parent.get(), page * kPageSize, 4);
  EXPECT_EQ(memory_->host_bytes(), 60 * kPageSize);
  auto first = memory_->fork(parent.get());
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(memory_->host_bytes(), 120 * kPageSize);
  auto second = memory_->fork(parent.get());  // the parent's 60 pages go to a layer
  ASSERT_TRUE(second.ok());
  ASSERT_EQ(parent->layer->users, 2u);
  EXPECT_GE(memory_->host_bytes(), 120 * kPageSize);
  EXPECT_LE(memory_->host_bytes(), 125 * kPageSize);
  memory_->release(first->get());
  memory_->release(second->get());
  memory_->release(parent.get());
}

TEST_P(SlotMemoryTest, WhatRanSinceItWasCountedIsCountedAnew) {
  Ref<AddressSpace> first = fresh(), second = fresh();
  for (uint64_t page = 3; page < 13; ++page) write(first.get(), page * kPageSize, 4);
  write(second.get(), 3 * kPageSize, 4);  // parks the first
  EXPECT_EQ(memory_->host_bytes(), 11 * kPageSize);
  EXPECT_EQ(memory_->private_bytes(*first), 10 * kPageSize);
  for (uint64_t page = 13; page < 18; ++page) write(first.get(), page * kPageSize, 4);
  EXPECT_EQ(memory_->private_bytes(*first), 15 * kPageSize);
  write(second.get(), 4 * kPageSize, 4);
  EXPECT_EQ(memory_->private_bytes(*first), 15 * kPageSize);
  EXPECT_EQ(memory_->host_bytes(), 17 * kPageSize);
  memory_->release(first.get());
  memory_->release(second.get());
}

TEST_P(SlotMemoryTest, ResetLeavesNothingBehind) {
  Ref<AddressSpace> space = fresh();
  ASSERT_TRUE(memory_->make_resident(space.get()).ok());
  ASSERT_TRUE(memory_->grow(64 * kWasmPage).ok());
  for (uint64_t at = 0; at < 64 * kWasmPage; at += 977) memory_->base()[at] = 0xee;
  memory_->release(space.get());
  ASSERT_TRUE(memory_->reset(base_, kInitial).ok());
  EXPECT_EQ(memory_->size(), kInitial);
  EXPECT_EQ(count_mappings(memory_->base(), kMaxMemory), 2);
  ASSERT_TRUE(memory_->grow(64 * kWasmPage).ok());
  for (uint64_t at = 0; at < 64 * kWasmPage; ++at) {
    ASSERT_TRUE(memory_->base()[at] == 0 || at / kPageSize == 2) << at;
  }
}

// Bytes of one address space that are not as in the base layer.
using Model = std::map<uint64_t, uint8_t>;

class RandomWalk {
 public:
  RandomWalk(SlotMemory& memory, const Ref<Layer>& base, uint32_t seed)
      : memory_(memory), base_(base), random_(seed) {}

  void run(int steps) {
    add(memory_.add(base_), {});
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) take_step();
    for (Entry& entry : entries_) {
      check(entry);
      memory_.release(entry.space.get());
    }
  }

 private:
  struct Entry {
    Ref<AddressSpace> space;
    Model model;
  };

  uint64_t pick(uint64_t limit) { return random_() % limit; }
  void add(Ref<AddressSpace> space, Model model) {
    entries_.push_back({std::move(space), std::move(model)});
  }

  uint8_t initial(uint64_t at) const {
    constexpr char kText[] = "initial data";
    uint64_t offset = at - (2 * kPageSize + 100);
    return offset < sizeof kText ? static_cast<uint8_t>(kText[offset]) : 0;
  }

  void check(Entry& entry) {
    ASSERT_TRUE(memory_.make_resident(entry.space.get()).ok());
    for (auto [at, value] : entry.model) ASSERT_EQ(memory_.base()[at], value) << at;
    for (int i = 0; i < 20; ++i) {
      uint64_t at = pick(memory_.size());
      auto known = entry.model.find(at);
      ASSERT_EQ(memory_.base()[at], known == entry.model.end() ? initial(at) : known->second);
    }
  }

  void take_step() {
    Entry& entry = entries_[pick(entries_.size())];
    check(entry);
    switch (pick(8)) {
      case 0:
      case 1:
        if (entries_.size() < 12) {
          auto child = memory_.fork(entry.space.get());
          ASSERT_TRUE(child.ok());
          add(std::move(child).value(), entry.model);
        }
        break;
      case 2:
        if (entries_.size() > 1) {
          memory_.release(entry.space.get());
          std::swap(entry, entries_.back());
          entries_.pop_back();
        }
        break;
      case 3:
        if (memory_.size() < 256 * kWasmPage && pick(4) == 0) {
          ASSERT_TRUE(memory_.grow(memory_.size() + (1 + pick(5)) * kWasmPage).ok());
        }
        break;
      case 4: {
        uint64_t pages = memory_.size() / kPageSize;
        uint64_t first = pick(pages), count = pick(std::min<uint64_t>(pages - first, 40) + 1);
        ASSERT_TRUE(memory_.discard(first * kPageSize, count * kPageSize).ok());
        for (uint64_t at = first * kPageSize; at < (first + count) * kPageSize; at += 1) {
          auto known = entry.model.find(at);
          if (known != entry.model.end()) known->second = 0;
          if (initial(at) != 0) entry.model[at] = 0;
        }
        break;
      }
      default:
        for (uint64_t i = pick(30); i-- > 0;) {
          uint64_t at = pick(memory_.size());
          memory_.base()[at] = entry.model[at] = static_cast<uint8_t>(pick(256));
        }
        break;
    }
  }

  SlotMemory& memory_;
  const Ref<Layer> base_;
  std::mt19937_64 random_;
  std::vector<Entry> entries_;
};

TEST_P(SlotMemoryTest, AgreesWithAModelOverRandomWalks) {
  for (uint32_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
    ASSERT_TRUE(memory_->reset(base_, kInitial).ok());
    RandomWalk(*memory_, base_, seed).run(300);
  }
}

}  // namespace
}  // namespace cloche::engine
