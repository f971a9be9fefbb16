#include "limpid/train/flat_pieces.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace limpid;

// NO gradient check: nothing is computed
// NO fixture: nothing is computed
// NO accumulation: nothing accumulates
// NO misuse: every list of parameters has pieces

namespace {

Parameter<float> of_size(std::vector<float>& memory, Index size) {
  memory.resize(static_cast<std::size_t>(size));
  return {"tensor", {size}, memory, memory, false};
}

}  // namespace

TEST_CASE("by hand: a small tensor is one piece, a large one several") {
  std::vector<float> small, large;
  const auto pieces = flat_pieces<float>({of_size(small, 5), of_size(large, kGrain + 1)});
  REQUIRE(pieces.size() == 3);
  CHECK((pieces[0].parameter == 0 && pieces[0].begin == 0 && pieces[0].end == 5));
  CHECK((pieces[1].parameter == 1 && pieces[1].begin == 0 && pieces[1].end == kGrain));
  CHECK((pieces[2].parameter == 1 && pieces[2].begin == kGrain && pieces[2].end == kGrain + 1));
}

TEST_CASE("property: every number lies in one piece, and pieces begin at multiples of 64 bytes") {
  for (const Index size : {1, 100, 16383, 16384, 16385, 100003}) {
    std::vector<float> memory;
    Index next = 0;
    for (const FlatPiece& piece : flat_pieces<float>({of_size(memory, size)})) {
      CHECK(piece.begin == next);
      CHECK(piece.end > piece.begin);
      CHECK(piece.begin * static_cast<Index>(sizeof(float)) % 64 == 0);
      next = piece.end;
    }
    CHECK(next == size);
  }
}

TEST_CASE("edges: no parameters, a parameter of no numbers") {
  CHECK(flat_pieces<float>({}).empty());
  std::vector<float> memory;
  CHECK(flat_pieces<float>({of_size(memory, 0)}).empty());
}
