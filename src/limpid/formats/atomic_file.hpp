/// Writing a file so that it is at every moment either the old one or the new one, never half.
///
/// The new bytes go to a temporary file in the same directory. When all of them have reached the
/// disk, one rename puts the new file in the place of the old: the system promises that a rename
/// happens entirely or not at all, even when the process is killed or the power fails.
///
///   write .NAME.tmp-PID-COUNT  ->  fsync it  ->  rename it to NAME  ->  fsync the directory
///
/// A full disk or an error in between removes the temporary and leaves the old file as it was. A
/// kill leaves the temporary behind; `remove_leftovers` sweeps such files up at the next start.
///
/// SOURCE  Pillai et al. 2014, "All File Systems Are Not Created Equal", section 2
/// USES    core, formats/file_handle
/// ERRORS  std::runtime_error naming the file and the system's reason
/// COST    two fsyncs: some milliseconds on an SSD
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

#include "limpid/core/export.hpp"

namespace limpid {

/// Takes the next bytes of a file that is being written.
using ByteSink = std::function<void(std::span<const std::byte>)>;

/// Calls produce(sink) once; the file is what the sink was given, piece after piece. An exception
/// from `produce` passes through, and nothing has been written.
LIMPID_API void write_file_atomically(const std::filesystem::path& path,
                                      const std::function<void(const ByteSink&)>& produce);

LIMPID_API void write_file_atomically(const std::filesystem::path& path, std::string_view text);

/// Removes the temporary files that killed processes left in this directory, and returns how many.
/// REQUIRES nobody else writes here now: hold the DirectoryLock
LIMPID_API int remove_leftovers(const std::filesystem::path& directory);

}  // namespace limpid
