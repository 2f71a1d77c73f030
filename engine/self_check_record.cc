#include "engine/self_check_record.h"

#include <elf.h>
#include <link.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstring>
#include <span>

#include "base/sha256.h"
#include "engine/engine_impl.h"

namespace cloche::engine {
namespace {

constexpr int kShadowStackStatus = 0x5005;  // ARCH_SHSTK_STATUS of asm/prctl.h, Linux 6.6

// The build id among the notes of a segment; empty if it is not there.
std::string build_id_in(const uint8_t* notes, size_t size) {
  auto aligned = [](size_t length) { return (length + 3) & ~size_t{3}; };
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    memcpy(&note, notes, sizeof note);
    const size_t name = aligned(note.n_namesz);
    const size_t length = sizeof note + name + aligned(note.n_descsz);
    if (length > size) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
        memcmp(notes + sizeof note, "GNU", 4) == 0) {
      return to_hex(std::span(notes + sizeof note + name, note.n_descsz));
    }
    notes += length;
    size -= length;
  }
  return "";
}

struct Search {
  uintptr_t address;  // of something in the object that is looked for
  std::string build_id;
};

int visit_object(dl_phdr_info* info, size_t, void* env) {
  auto* search = static_cast<Search*>(env);
  const std::span headers(info->dlpi_phdr, info->dlpi_phnum);
  bool ours = false;
  for (const auto& header : headers) {
    const uintptr_t start = info->dlpi_addr + header.p_vaddr;
    ours |= header.p_type == PT_LOAD && search->address - start < header.p_memsz;
  }
  if (!ours) return 0;
  for (const auto& header : headers) {
    if (header.p_type != PT_NOTE || !search->build_id.empty()) continue;
    search->build_id = build_id_in(
        reinterpret_cast<const uint8_t*>(info->dlpi_addr + header.p_vaddr), header.p_memsz);
  }
  return 1;
}

// Of the program or library that this code is part of.
std::string build_id() {
  Search search{reinterpret_cast<uintptr_t>(&visit_object), ""};
  dl_iterate_phdr(visit_object, &search);
  return search.build_id;
}

std::string shadow_stack() {
  uint64_t features = 0;
  if (syscall(SYS_arch_prctl, kShadowStackStatus, &features) != 0) return "none";
  return std::to_string(features);
}

}  // namespace

std::string self_check_conditions(uint64_t fingerprint, const PageScanner& scanner) {
  const std::string build = build_id();
  utsname host{};
  if (build.empty() || uname(&host) != 0) return "";
  const bool fast = scanner.method() == PageScanner::Method::kPagemapScan;
  std::string text = "The self-check of Cloche passed.\nbuild " + build + "\nengine " +
                     engine_version() + " " + std::to_string(fingerprint) + "\nkernel";
  for (const char* part : {host.sysname, host.release, host.version, host.machine}) {
    text = text + " " + part;
  }
  return text + "\npage scan " + (fast ? "PAGEMAP_SCAN" : "pagemap") + "\nshadow stack " +
         shadow_stack() + "\n";
}

SelfCheckRecord::SelfCheckRecord(const CodeCache* cache, uint64_t fingerprint,
                                 const PageScanner& scanner)
    : cache_(cache),
      conditions_(cache ? self_check_conditions(fingerprint, scanner) : ""),
      name_(
          to_hex(sha256({reinterpret_cast<const uint8_t*>(conditions_.data()), conditions_.size()}))
              .substr(0, 32) +
          ".checked") {}

bool SelfCheckRecord::passed() const {
  return !conditions_.empty() && cache_->holds(name_, conditions_);
}

void SelfCheckRecord::keep() const {
  if (conditions_.empty()) return;
  Status kept = cache_->keep(name_, conditions_);
  (void)kept;
}

}  // namespace cloche::engine
