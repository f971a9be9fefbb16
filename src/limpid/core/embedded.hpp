/// Text files that the build carries inside the program (cmake/LimpidEmbed.cmake), so that they are
/// there offline and wherever the program is run from.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace limpid {

struct EmbeddedFile {
  std::string_view name;  ///< without its folder
  std::string_view text;
};

/// The world of the tales: data/tales/*.txt.
std::span<const EmbeddedFile> embedded_world();

/// The page of a run's report, without its data: data/report/report.html.
std::span<const EmbeddedFile> embedded_report();

}  // namespace limpid
