/// One process at a time in a run's directory.
///
/// The lock is `flock` on DIRECTORY/.lock. It belongs to the process, not to the file's existence:
/// the system drops it when the process ends, however it ends, so a kill never leaves a directory
/// locked. The file itself stays; removing it would let two processes lock two different files.
///
/// USES    core, formats/file_handle
/// ERRORS  std::runtime_error when another process (or another lock in this one) holds it, when the
///         directory is not there or may not be written
#pragma once

#include <filesystem>

#include "limpid/core/export.hpp"
#include "limpid/formats/file_handle.hpp"

namespace limpid {

class LIMPID_API DirectoryLock {
 public:
  /// Takes the lock at once or throws; it never waits.
  explicit DirectoryLock(const std::filesystem::path& directory);

 private:
  FileHandle file_;  // closing it is what unlocks
};

}  // namespace limpid
