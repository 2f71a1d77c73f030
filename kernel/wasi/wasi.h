// Numbers of WASI preview 1 (wasi_snapshot_preview1) and of its predecessor (wasi_unstable), as
// their witx files have them. Structures stand where they are read and written.
#pragma once

#include <cstdint>

#include "kernel/open_file.h"

namespace cloche::kernel::wasi {

// Where the two differ: whence of fd_seek, filestat, subscription.
enum class Version : uint8_t { kUnstable, kPreview1 };

using Rights = uint64_t;
enum Right : Rights {
  kFdDatasync = 1 << 0,
  kFdRead = 1 << 1,
  kFdSeek = 1 << 2,
  kFdFdstatSetFlags = 1 << 3,
  kFdSync = 1 << 4,
  kFdTell = 1 << 5,
  kFdWrite = 1 << 6,
  kFdAdvise = 1 << 7,
  kFdAllocate = 1 << 8,
  kPathCreateDirectory = 1 << 9,
  kPathCreateFile = 1 << 10,
  kPathLinkSource = 1 << 11,
  kPathLinkTarget = 1 << 12,
  kPathOpen = 1 << 13,
  kFdReaddir = 1 << 14,
  kPathReadlink = 1 << 15,
  kPathRenameSource = 1 << 16,
  kPathRenameTarget = 1 << 17,
  kPathFilestatGet = 1 << 18,
  kPathFilestatSetSize = 1 << 19,
  kPathFilestatSetTimes = 1 << 20,
  kFdFilestatGet = 1 << 21,
  kFdFilestatSetSize = 1 << 22,
  kFdFilestatSetTimes = 1 << 23,
  kPathSymlink = 1 << 24,
  kPathRemoveDirectory = 1 << 25,
  kPathUnlinkFile = 1 << 26,
  kPollFdReadwrite = 1 << 27,
  kSockShutdown = 1 << 28,
  kSockAccept = 1 << 29,
};
inline constexpr Rights kAllRights = (Rights{1} << 30) - 1;

// What makes sense for a descriptor of each kind.
inline constexpr Rights kStreamRights =
    kFdRead | kFdWrite | kFdFdstatSetFlags | kFdFilestatGet | kPollFdReadwrite;
inline constexpr Rights kSocketRights = kStreamRights | kSockShutdown | kSockAccept;
inline constexpr Rights kFileRights = kStreamRights | kFdDatasync | kFdSeek | kFdSync | kFdTell |
                                      kFdAdvise | kFdAllocate | kFdFilestatSetSize |
                                      kFdFilestatSetTimes;
inline constexpr Rights kDirectoryRights =
    kFdFdstatSetFlags | kFdSync | kFdAdvise | kPathCreateDirectory | kPathCreateFile |
    kPathLinkSource | kPathLinkTarget | kPathOpen | kFdReaddir | kPathReadlink | kPathRenameSource |
    kPathRenameTarget | kPathFilestatGet | kPathFilestatSetSize | kPathFilestatSetTimes |
    kFdFilestatGet | kFdFilestatSetTimes | kPathSymlink | kPathRemoveDirectory | kPathUnlinkFile |
    kPollFdReadwrite;
// They need a file that is open for writing.
inline constexpr Rights kWritingRights = kFdWrite | kFdAllocate | kFdFilestatSetSize;

enum FileType : uint8_t {
  kUnknown = 0,
  kBlockDevice = 1,
  kCharacterDevice = 2,
  kDirectoryType = 3,
  kRegularFile = 4,
  kSocketDatagram = 5,
  kSocketStream = 6,
  kSymbolicLink = 7,
};

enum FdFlags : uint16_t {
  kFlagAppend = 1,
  kFlagDsync = 2,
  kFlagNonblock = 4,
  kFlagRsync = 8,
  kFlagSync = 16,
  kFlagsKnown = 31,
};

enum LookupFlags : uint32_t { kSymlinkFollow = 1 };

// The number of an error. Those that WASI does not have become the nearest one.
uint16_t errno_of(Errno error);
// Of a file, by what kind of object it is and what its inode says.
FileType type_of(const OpenFile& file, const vfs::Stat& stat);
FileType type_of(vfs::FileType type);

}  // namespace cloche::kernel::wasi
