/// Reads a story back: every choice that could have led to this text, and its probability.
///
/// The parser walks through the rules as the writer does, but where the writer draws, it tries every
/// alternative whose words stand in the text (depth first, with a way back). A world is written so
/// that every text has one derivation only; the tests count them.
///
/// USES    core/export, tales/story, tales/world, tales/matcher, tales/recall, tales/world_text
/// ERRORS  none: a text that the world cannot tell has no derivation
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tales/matcher.hpp"
#include "limpid/tales/story.hpp"
#include "limpid/tales/world.hpp"

namespace limpid::tales {

struct ParseOptions {
  std::optional<Split> split;  ///< none: what any split could tell
  bool any_name = false;       ///< a capitalised word may be a name even if no list has it
};

struct Parse {
  std::size_t derivations = 0;  ///< counting stops at 2
  Story story;                  ///< of the first derivation
  std::size_t furthest = 0;     ///< where the best try ended
  std::vector<Expected> expected;
};

LIMPID_API Parse parse_all(const World& world, const ParseOptions& options, std::string_view text);

/// The unique derivation of this text in a split, with its probability, if there is one.
LIMPID_API std::optional<Story> parse(const World& world, Split split, std::string_view text);

/// Whether this is one sentence of the world, whatever the facts of its story may be.
LIMPID_API bool is_sentence(const World& world, std::string_view text);

}  // namespace limpid::tales
