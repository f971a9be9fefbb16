// Any bytes as a file of a world. Either stories can be written in it (or a rule runs out of alternatives and
// says so), or there is one line of error that begins with the file's name.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "limpid/core/rng.hpp"
#include "limpid/tales/world.hpp"
#include "limpid/tales/writer.hpp"

#include "expect.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace limpid;
  const EmbeddedFile file{"F", {reinterpret_cast<const char*>(data), size}};
  std::optional<tales::World> world;
  const auto parse = [&] { world = tales::World::parse({&file, 1}); };
  if (!fuzz::done_or_one_line("F:", parse, "tales: ")) return 0;
  Rng rng(1);
  for (int stories = 0; stories < 3; ++stories) {
    const auto write = [&] {
      const tales::Story story = tales::write(*world, tales::Split::train, rng);
      fuzz::expect(story.bits >= 0, "a story's probability is 1 at most");
    };
    fuzz::done_or_one_line("F:", write, "tales: ");
  }
  return 0;
}
