#include "kernel/shared_memory.h"

#include <algorithm>
#include <cstring>

namespace cloche::kernel {
namespace {

constexpr uint64_t kPage = kSharedPage;
constexpr std::array<uint8_t, kPage> kZeroes{};

}  // namespace

uint64_t hash_page(const uint8_t* bytes) {
  uint64_t hash = 0x9e3779b97f4a7c15;
  for (size_t i = 0; i < kPage; i += 8) {
    uint64_t word;
    std::memcpy(&word, bytes + i, sizeof word);
    hash = (hash ^ word) * 0xff51afd7ed558ccd;
    hash ^= hash >> 32;
  }
  return hash;
}

SharedRegion::~SharedRegion() {
  owner_.bytes_ -= pages_.size() * sizeof(Page);
  for (const Page& page : pages_)
    if (page.bytes) owner_.bytes_ -= kPage;
  if (inode_) owner_.files_.erase(inode_.get());
}

const uint8_t* SharedRegion::bytes_of(const Page& page) const {
  return page.bytes ? page.bytes->data() : kZeroes.data();
}

void SharedRegion::set(Page& page, const uint8_t* bytes) {
  if (!page.bytes) {
    page.bytes = std::make_unique<Bytes>();
    owner_.bytes_ += kPage;
  }
  std::memcpy(page.bytes->data(), bytes, kPage);
  ++page.version;
  ++changes_;
}

RegionUse::RegionUse(Ref<SharedRegion> region, uint64_t first_page, size_t pages)
    : region_(std::move(region)), first_(first_page), seen_(pages, 0) {
  take();
}

RegionUse::RegionUse(const RegionUse& other)
    : region_(other.region_), first_(other.first_), seen_(other.seen_), changes_(other.changes_) {
  take();
}

void RegionUse::swap(RegionUse& other) noexcept {
  std::swap(region_, other.region_);
  std::swap(first_, other.first_);
  std::swap(seen_, other.seen_);
  std::swap(changes_, other.changes_);
}

void RegionUse::take() {
  if (!region_) return;
  ++region_->uses_;
  region_->owner_.bytes_ += seen_.size() * sizeof(uint64_t);
}

void RegionUse::release() {
  if (!region_) return;
  --region_->uses_;
  region_->owner_.bytes_ -= seen_.size() * sizeof(uint64_t);
}

RegionUse RegionUse::split(size_t pages) {
  RegionUse rest(*this);
  rest.release();
  rest.first_ += pages;
  rest.seen_.erase(rest.seen_.begin(), rest.seen_.begin() + static_cast<ptrdiff_t>(pages));
  rest.take();
  release();
  seen_.resize(pages);
  take();
  return rest;
}

void RegionUse::push(const uint8_t* memory) {
  for (size_t i = 0; i < seen_.size(); ++i) {
    SharedRegion::Page& page = region_->pages_[static_cast<size_t>(first_) + i];
    if (seen_[i] != page.version) continue;
    if (std::memcmp(region_->bytes_of(page), memory + i * kPage, kPage) == 0) continue;
    region_->set(page, memory + i * kPage);
    seen_[i] = page.version;
  }
}

void RegionUse::pull(uint8_t* memory) {
  if (changes_ == region_->changes_) return;
  for (size_t i = 0; i < seen_.size(); ++i) {
    const SharedRegion::Page& page = region_->pages_[static_cast<size_t>(first_) + i];
    if (seen_[i] == page.version) continue;
    std::memcpy(memory + i * kPage, region_->bytes_of(page), kPage);
    seen_[i] = page.version;
  }
  changes_ = region_->changes_;
}

abi::SysResult<Unit> SharedRegion::load(vfs::FileBody& body, uint64_t from, uint64_t to) {
  for (uint64_t offset = from; offset < to; offset += kPage) {
    Bytes content{};
    for (size_t got = 0; got < kPage;) {
      const uint64_t more = TRY(body.read_at(offset + got, std::span(content).subspan(got)));
      if (more == 0) break;
      got += static_cast<size_t>(more);
    }
    Page& page = pages_[static_cast<size_t>(offset / kPage)];
    const uint64_t hash = hash_page(content.data());
    const bool file_changed = !page.loaded || hash != page.file_hash;
    const bool region_changed = page.loaded && hash_page(bytes_of(page)) != page.file_hash;
    if (!file_changed || region_changed) continue;
    set(page, content.data());
    page.loaded = true;
    page.file_hash = hash;
  }
  return Unit{};
}

void SharedRegion::write_back(vfs::FileBody& body, uint64_t from, uint64_t to) {
  const auto file_size = body.size();
  if (!file_size.ok()) return;
  for (uint64_t offset = from; offset < std::min(to, *file_size); offset += kPage) {
    Page& page = pages_[static_cast<size_t>(offset / kPage)];
    const uint64_t hash = hash_page(bytes_of(page));
    if (hash == page.file_hash) continue;
    const auto size = static_cast<size_t>(std::min(kPage, *file_size - offset));
    if (body.write_at(offset, {bytes_of(page), size}).ok()) page.file_hash = hash;
  }
}

Ref<SharedRegion> SharedMemory::get(const vfs::InodeRef& inode, uint64_t size) {
  Ref<SharedRegion> region;
  if (const auto found = files_.find(inode.get()); inode && found != files_.end())
    region = Ref<SharedRegion>(found->second);
  else
    region = Ref<SharedRegion>(new SharedRegion(*this, ++last_number_, inode));
  if (inode) files_[inode.get()] = region.get();
  const auto pages = static_cast<size_t>((size + kPage - 1) / kPage);
  if (pages > region->pages_.size()) {
    bytes_ += (pages - region->pages_.size()) * sizeof(SharedRegion::Page);
    region->pages_.resize(pages);
  }
  return region;
}

}  // namespace cloche::kernel
