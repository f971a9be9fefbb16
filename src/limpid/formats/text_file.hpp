/// A whole text file in memory. Pipes and devices work too: `limpid train /dev/stdin`.
///
/// USES    core, formats/file_handle, formats/text_chunks, tokenizer/utf8
/// ERRORS  std::runtime_error: not there, a directory, not readable, larger than the limit, not UTF-8
///         where UTF-8 is asked for
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

/// The same, and an error that names the place of the first byte that is not UTF-8.
LIMPID_API std::string read_utf8_file(const std::filesystem::path& path);

}  // namespace limpid
