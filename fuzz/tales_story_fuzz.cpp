// Any bytes as a story. The checker accepts no more sentences than there are, a consistent story is wholly
// accepted, and every reason is one line.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "limpid/tales/checker.hpp"
#include "limpid/tales/world.hpp"

#include "expect.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace limpid;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const tales::Verdict verdict = tales::check(tales::World::embedded(), text, true);
  fuzz::expect(verdict.accepted <= verdict.sentences, "no more is accepted than was there");
  fuzz::expect(
      !verdict.consistent || (verdict.accepted == verdict.sentences && verdict.reasons.empty()),
      "a consistent story is accepted as a whole");
  fuzz::expect(verdict.consistent || !verdict.reasons.empty(), "a break has a reason");
  return 0;
}
