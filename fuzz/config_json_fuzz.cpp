// Any bytes as a config.json. Either it describes a model that can be built, and says the same when it is
// written and read, or there is one line of error that begins with the file's name.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "limpid/formats/config_json.hpp"

#include "expect.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace limpid;
  static fuzz::MemoryFile memory;
  memory.set({reinterpret_cast<const char*>(data), size});
  // The same bytes as the file beside it, whose tokens must be those of a model.
  ConfigJson other;
  other.config.vocab = 257;
  fuzz::done_or_one_line(memory.error_begin(),
                         [&] { read_generation_config(memory.path(), other); });
  if (other.begin_token) fuzz::expect(*other.begin_token < other.config.vocab, "begin is a token");
  for (const Index end : other.end_tokens)
    fuzz::expect(end < other.config.vocab, "an end is a token");
  std::optional<ConfigJson> found;
  if (!fuzz::done_or_one_line(memory.error_begin(),
                              [&] { found = read_config_json(memory.path()); })) {
    return 0;
  }
  found->config.validate();
  memory.set(to_config_json(*found));
  fuzz::expect(read_config_json(memory.path()) == *found,
               "written and read, a configuration is the same");
  return 0;
}
