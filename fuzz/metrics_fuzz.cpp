// Any bytes as metrics.jsonl. Either all lines can be read, and are the same when they are written and read, or
// there is one line of error that begins with the file's name.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/train/metrics.hpp"

#include "expect.hpp"

namespace {

std::string lines(const std::vector<limpid::Metrics>& all) {
  std::string text;
  for (const limpid::Metrics& metrics : all) text += limpid::to_json_line(metrics);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace limpid;
  static fuzz::MemoryFile memory;
  memory.set({reinterpret_cast<const char*>(data), size});
  std::vector<Metrics> found;
  if (!fuzz::done_or_one_line(memory.error_begin(), [&] { found = read_metrics(memory.path()); })) {
    return 0;
  }
  const std::string text = lines(found);
  memory.set(text);
  fuzz::expect(lines(read_metrics(memory.path())) == text, "written and read, lines are the same");
  return 0;
}
