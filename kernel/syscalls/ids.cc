// User and group ids. A sandbox has one user who is never root; ids can only be set to what they
// are.
#include "kernel/process.h"
#include "kernel/syscalls/handlers.h"

namespace cloche::kernel {
namespace {

constexpr uint32_t kKeep = UINT32_MAX;  // "-1": leave as it is

SysResult<int32_t> only_own(uint32_t own, std::initializer_list<uint32_t> wanted) {
  for (uint32_t id : wanted)
    if (id != kKeep && id != own) return Errno::kPERM;
  return 0;
}

SysResult<int32_t> put_three(Call& call, uint32_t id, std::initializer_list<UserPtr> targets) {
  for (UserPtr target : targets) TRY(call.put(target, id));
  return 0;
}

}  // namespace

SysResult<uint32_t> sys_getuid(Call& call) { return call.process().credentials.uid; }
SysResult<uint32_t> sys_geteuid(Call& call) { return call.process().credentials.uid; }
SysResult<uint32_t> sys_getgid(Call& call) { return call.process().credentials.gid; }
SysResult<uint32_t> sys_getegid(Call& call) { return call.process().credentials.gid; }

SysResult<int32_t> sys_setuid(Call& call, uint32_t uid) {
  if (uid == kKeep) return Errno::kINVAL;
  return only_own(call.process().credentials.uid, {uid});
}
SysResult<int32_t> sys_setgid(Call& call, uint32_t gid) {
  if (gid == kKeep) return Errno::kINVAL;
  return only_own(call.process().credentials.gid, {gid});
}
SysResult<int32_t> sys_setreuid(Call& call, uint32_t real, uint32_t effective) {
  return only_own(call.process().credentials.uid, {real, effective});
}
SysResult<int32_t> sys_setregid(Call& call, uint32_t real, uint32_t effective) {
  return only_own(call.process().credentials.gid, {real, effective});
}
SysResult<int32_t> sys_setresuid(Call& call, uint32_t real, uint32_t effective, uint32_t saved) {
  return only_own(call.process().credentials.uid, {real, effective, saved});
}
SysResult<int32_t> sys_setresgid(Call& call, uint32_t real, uint32_t effective, uint32_t saved) {
  return only_own(call.process().credentials.gid, {real, effective, saved});
}
SysResult<int32_t> sys_getresuid(Call& call, UserPtr real, UserPtr effective, UserPtr saved) {
  return put_three(call, call.process().credentials.uid, {real, effective, saved});
}
SysResult<int32_t> sys_getresgid(Call& call, UserPtr real, UserPtr effective, UserPtr saved) {
  return put_three(call, call.process().credentials.gid, {real, effective, saved});
}

// These two return the id as it was and never an error (setfsuid(2)).
SysResult<int32_t> sys_setfsuid(Call& call, uint32_t) {
  return static_cast<int32_t>(call.process().credentials.uid);
}
SysResult<int32_t> sys_setfsgid(Call& call, uint32_t) {
  return static_cast<int32_t>(call.process().credentials.gid);
}

SysResult<int32_t> sys_getgroups(Call& call, int32_t size, UserPtr list) {
  const std::vector<uint32_t>& groups = call.process().credentials.groups;
  const auto count = static_cast<int32_t>(groups.size());
  if (size < 0) return Errno::kINVAL;
  if (size == 0) return count;
  if (size < count) return Errno::kINVAL;
  if (count == 0) return 0;
  const auto out = TRY(call.bytes_out(list, groups.size() * sizeof(uint32_t)));
  std::memcpy(out.data(), groups.data(), out.size());
  return count;
}

SysResult<int32_t> sys_setgroups(Call&, uint32_t, UserPtr) { return Errno::kPERM; }

// What only root may do, and there is no root.
SysResult<int32_t> sys_sethostname(Call&, UserPtr, uint32_t) { return Errno::kPERM; }
SysResult<int32_t> sys_setdomainname(Call&, UserPtr, uint32_t) { return Errno::kPERM; }
SysResult<int32_t> sys_mount(Call&, UserPtr, UserPtr, UserPtr, uint32_t, UserPtr) {
  return Errno::kPERM;
}
SysResult<int32_t> sys_umount2(Call&, UserPtr, uint32_t) { return Errno::kPERM; }
SysResult<int32_t> sys_pivot_root(Call&, UserPtr, UserPtr) { return Errno::kPERM; }
SysResult<int32_t> sys_unshare(Call&, uint32_t flags) {
  return flags == 0 ? SysResult<int32_t>(0) : Errno::kPERM;
}
SysResult<int32_t> sys_reboot(Call&, uint32_t, uint32_t, uint32_t, UserPtr) { return Errno::kPERM; }

SysResult<int32_t> sys_capget(Call& call, UserPtr header, UserPtr data) {
  struct Header {
    uint32_t version;
    int32_t pid;
  };
  constexpr uint32_t kVersion1 = 0x19980330, kVersion2 = 0x20071026, kVersion3 = 0x20080522;
  const auto given = TRY(call.get<Header>(header));
  const bool known =
      given.version == kVersion1 || given.version == kVersion2 || given.version == kVersion3;
  if (!known) {
    TRY(call.put(header, kVersion3));
    if (!data) return 0;
    return Errno::kINVAL;
  }
  if (given.pid < 0) return Errno::kINVAL;
  if (!data) return 0;
  // Three empty sets, in one or two halves.
  const auto out = TRY(call.bytes_out(data, given.version == kVersion1 ? 12 : 24));
  std::memset(out.data(), 0, out.size());
  return 0;
}

}  // namespace cloche::kernel
