/// report.html: one page that a run leaves behind. It needs no network and no other file.
///
/// The page is written by hand (data/report/report.html) and carried inside the program. A run's numbers
/// stand in it as JSON; the page's own script draws them. In the JSON every `<` is written \u003c, so
/// that no text of a model can end the script or begin a tag.
///
/// Equal runs write equal pages, but for the speeds that were measured while training.
///
/// USES    core, formats/atomic_file, train/report_data
/// ERRORS  what make_report_data and the writing of files throw
#pragma once

#include <filesystem>
#include <string>

#include "limpid/core/export.hpp"
#include "limpid/train/report_data.hpp"

namespace limpid {

/// The whole page.
LIMPID_API std::string report_page(const ReportData& data);

/// Writes DIR/report.html for the run in this directory, finished or not, and returns its path.
LIMPID_API std::filesystem::path write_report(const std::filesystem::path& directory);

}  // namespace limpid
