// Images of programs that did their start-up before.
#include "engine/ready_image.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/testing/fixture.h"

namespace cloche::engine {
namespace {

// The warm-up grows the memory and leaves marks; each process expects them, and its own memory.
constexpr char kGuest[] = R"(
  (memory 2 64)
  (data (i32.const 8) "\01")
  (global $mark (mut i64) (i64.const 0))
  (global $half (mut f32) (f32.const 0))
  (func $expect (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
  (func (export "__cloche_warm")
    (call $expect (i32.eq (i32.load8_u (i32.const 8)) (i32.const 1)))
    (drop (memory.grow (i32.const 3)))
    (i32.store (i32.const 300000) (i32.const 77))
    (i32.store8 (i32.const 8) (i32.const 2))
    (global.set $mark (i64.const 0x123456789abcdef))
    (global.set $half (f32.const 0.5)))
  (func (export "__cloche_resume")
    (call $expect (i32.eq (memory.size) (i32.const 5)))
    (call $expect (i32.eq (i32.load (i32.const 300000)) (i32.const 77)))
    (call $expect (i32.eq (i32.load8_u (i32.const 8)) (i32.const 2)))
    (call $expect (i64.eq (global.get $mark) (i64.const 0x123456789abcdef)))
    (call $expect (f32.eq (global.get $half) (f32.const 0.5)))
    (call $expect (i32.eq (global.get $sp) (i32.const 65536)))
    ;; What a process changes is its own.
    (i32.store (i32.const 300000) (i32.const 78))
    (i32.store8 (i32.const 8) (i32.const 3))
    (global.set $mark (i64.const 1))
    (drop (memory.grow (i32.const 1))))
  (func (export "_start")
    (call $expect (i32.eq (memory.size) (i32.const 2)))
    (call $expect (i64.eqz (global.get $mark)))
    (call $expect (i32.eq (i32.load8_u (i32.const 8)) (i32.const 1))))
)";

class ReadyImageTest : public EngineFixture {
 protected:
  static ImageRef make(Engine& on, const ModuleRef& module) {
    const auto pool = on.create_pool({});
    auto context = pool->start(module, nullptr, EntryPoint::kWarm);
    CHECK(context.ok());
    EXPECT_EQ((*context)->run().reason, Stop::Reason::kReturned);
    const uint8_t note[] = {1, 2, 3};
    auto image = (*context)->take_image(note);
    CHECK(image.ok());
    return *image;
  }
  static Stop run(Pool& pool, const ImageRef& image) {
    auto context = pool.start(image, nullptr);
    CHECK(context.ok());
    return (*context)->run();
  }
};

TEST_F(ReadyImageTest, OnlyAProgramWithBothFunctionsCanBeReady) {
  EXPECT_TRUE(load(kGuest)->can_be_ready());
  EXPECT_FALSE(load(R"((memory 1) (func (export "_start")))")->can_be_ready());
  EXPECT_FALSE(load(R"((memory 1) (func (export "_start")) (func (export "__cloche_warm")))")
                   ->can_be_ready());
  EXPECT_FALSE(load(R"((memory 1) (func (export "_start")) (func (export "__cloche_warm"))
                       (func (export "__cloche_resume") (param i32)))")
                   ->can_be_ready());
  EXPECT_FALSE(load(R"((memory (export "__cloche_resume") 1) (func (export "_start"))
                       (func (export "__cloche_warm")))")
                   ->can_be_ready());
}

TEST_F(ReadyImageTest, EveryProcessStartsFromTheImage) {
  const ModuleRef module = load(kGuest);
  const ImageRef image = make(engine(), module);
  EXPECT_EQ(image->module(), module);
  EXPECT_EQ(image->memory_bytes(), 5u * 65536);
  EXPECT_EQ(std::vector<uint8_t>(image->note().begin(), image->note().end()),
            (std::vector<uint8_t>{1, 2, 3}));
  for (int pools = 0; pools < 2; ++pools) {
    const auto pool = engine().create_pool({});
    for (int processes = 0; processes < 3; ++processes) {  // the second one in a slot used before
      const Stop stop = run(*pool, image);
      EXPECT_EQ(stop.reason, Stop::Reason::kReturned) << stop.message;
      auto plain = pool->start(module, nullptr);
      ASSERT_TRUE(plain.ok());
      EXPECT_EQ((*plain)->run().reason, Stop::Reason::kReturned);
    }
  }
}

TEST_F(ReadyImageTest, AProcessForks) {
  const ImageRef image = make(engine(), load(R"(
    (memory 2)
    (func (export "_start"))
    (func (export "__cloche_warm") (i32.store (i32.const 100) (i32.const 5)))
    (func (export "__cloche_resume") (local $child i32)
      (i32.store (i32.const 104) (i32.const 6))
      (local.set $child (call $fork))
      (if (i32.eqz (local.get $child)) (then
        (i32.store (i32.const 104) (i32.const 7))
        (call $exit (i32.load (i32.const 100)))))
      (if (i32.ne (call $wait) (i32.const 5)) (then unreachable))
      (call $exit (i32.load (i32.const 104))))
  )"));
  MiniKernel kernel(engine());
  ASSERT_TRUE(kernel.start(image).ok());
  EXPECT_EQ(kernel.run(), 6);
}

TEST_F(ReadyImageTest, OverTheLimitOfThePool) {
  PoolOptions options;
  options.max_memory = 4 * 65536;
  const auto pool = engine().create_pool(options);
  const auto context = pool->start(make(engine(), load(kGuest)), nullptr);
  ASSERT_FALSE(context.ok());
  EXPECT_EQ(context.error().code, Code::kResourceExhausted);
}

class KeptImageTest : public ReadyImageTest {
 protected:
  KeptImageTest() {
    char name[] = "/tmp/ready-image-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~KeptImageTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Engine> open() const {
    EngineOptions options;
    options.host_functions = mini_kernel_functions();
    options.cache_dir = folder_;
    auto engine = Engine::create(std::move(options));
    CHECK(engine.ok());
    return std::move(engine).value();
  }
  static ModuleRef load_in(Engine& engine) {
    auto module = engine.load(guest(kGuest), {});
    CHECK(module.ok());
    return *module;
  }
  void damage_all() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
      file.put('\x5a').put('\xa5');
    }
  }

  std::string folder_;
};

TEST_F(KeptImageTest, ComesBackFromTheDisk) {
  const Engine::ImageKey key = {7}, other = {8};
  {
    const auto engine = open();
    const ModuleRef module = load_in(*engine);
    EXPECT_EQ(engine->find_image(module, key), nullptr);
    const ImageRef image = make(*engine, module);
    engine->keep_image(image, key);
    EXPECT_EQ(engine->find_image(module, key), image);
  }
  const auto engine = open();
  const ModuleRef module = load_in(*engine);
  EXPECT_EQ(engine->find_image(module, other), nullptr);
  const ImageRef image = engine->find_image(module, key);
  ASSERT_NE(image, nullptr);
  EXPECT_EQ(image->note().size(), 3u);
  const auto pool = engine->create_pool({});
  EXPECT_EQ(run(*pool, image).reason, Stop::Reason::kReturned);
}

TEST_F(KeptImageTest, ADamagedOneIsNone) {
  const Engine::ImageKey key = {7};
  {
    const auto engine = open();
    engine->keep_image(make(*engine, load_in(*engine)), key);
  }
  damage_all();
  const auto engine = open();
  const ModuleRef module = load_in(*engine);
  EXPECT_EQ(engine->find_image(module, key), nullptr);
}

TEST_F(ReadyImageTest, AWrongDescriptionIsRefused) {
  const auto module = std::static_pointer_cast<const ModuleImpl>(load(kGuest));
  const ImageRef image = make(engine(), module);
  const auto& whole = static_cast<const ReadyImageImpl&>(*image);
  const std::vector<uint8_t> good = whole.describe();
  const auto decodes = [&](std::span<const uint8_t> description) {
    const std::vector<uint8_t> bytes = *whole.read_data();
    const PlacedBytes data{0, bytes};
    auto file = create_sealed({&data, 1}, bytes.size());
    CHECK(file.ok());
    return ReadyImageImpl::decode(module, description, std::move(file).value()).ok();
  };
  EXPECT_TRUE(decodes(good));
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decodes(std::span(good).first(size))) << size;
  }
  for (const size_t field :
       {0u, 8u, 16u, 24u, 32u, 40u}) {  // magic, sizes, counts, a global's kind
    std::vector<uint8_t> bad = good;
    bad[field + 1] ^= 0x40;
    EXPECT_FALSE(decodes(bad)) << field;
  }
}

}  // namespace
}  // namespace cloche::engine
