/// A whole text file in memory. Pipes and devices work too: `limpid train /dev/stdin`.
///
/// USES    core, formats/file_handle
/// ERRORS  std::runtime_error: not there, a directory, not readable, larger than the limit
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "limpid/core/export.hpp"

namespace limpid {

inline constexpr std::uint64_t kLargestText = std::uint64_t{4} << 30;

/// The file's bytes as they are: nothing is decoded, no line end is changed.
LIMPID_API std::string read_text_file(const std::filesystem::path& path,
                                      std::uint64_t limit = kLargestText);

}  // namespace limpid
