#include "limpid/nn/attention_mask.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

// NO gradient check: a mask is given, not learned
// NO fixture: the fixtures of the attentions that use it are made with PyTorch's masks
// NO accumulation: it adds to nothing

using namespace limpid;

TEST_CASE("by hand: two queries behind two older keys") {
  const AttentionMask mask{.causal = true, .offset = 2};
  CHECK(mask.seen(0, 4) == 3);  // its own position is 2: keys 0, 1, 2
  CHECK(mask.seen(1, 4) == 4);
  const std::vector<std::uint8_t> keys{1, 0, 7};
  const AttentionMask padded{.causal = false, .keys = keys};
  CHECK_FALSE(padded.hides(0));
  CHECK(padded.hides(1));
  CHECK_FALSE(padded.hides(2));
}

TEST_CASE("property: each query sees one key more than the one before, and never more than all") {
  for (const Index offset : {0, 1, 5}) {
    const AttentionMask causal{.causal = true, .offset = offset};
    CHECK(causal.seen(0, 100) == offset + 1);
    for (Index i = 1; i < 8; ++i) CHECK(causal.seen(i, 100) == causal.seen(i - 1, 100) + 1);
    for (Index i = 0; i < 8; ++i) CHECK(causal.seen(i, 3) <= 3);
  }
  const AttentionMask open{.causal = false};
  for (Index i = 0; i < 8; ++i) CHECK(open.seen(i, 3) == 3);
}

TEST_CASE("edges: no mask hides nothing, no keys are all seen") {
  const AttentionMask mask;
  for (Index j = 0; j < 5; ++j) CHECK_FALSE(mask.hides(j));
  CHECK(mask.seen(0, 0) == 0);
  CHECK_NOTHROW(mask.check("here", 5));
}

TEST_CASE("misuse: keys of another number, a negative offset") {
  const std::vector<std::uint8_t> two{1, 1};
  CHECK_THROWS_WITH_AS((AttentionMask{.keys = two}.check("here", 3)),
                       "here: mask.keys has 2 entries, expected 3", std::invalid_argument);
  CHECK_NOTHROW((AttentionMask{.keys = two}.check("here", 2)));
  CHECK_THROWS_WITH_AS((AttentionMask{.offset = -1}.check("here", 3)),
                       "here: mask.offset is -1, expected >= 0", std::invalid_argument);
}
