/// Says of any text whether it is a whole and consistent story of a world, and if not, why.
///
/// Two measures of a story that a model has written:
///   sentences   each alone: could it stand in some story?
///   story       all together: complete, in order, and true to its own names, pronouns, traits and
///               belongings. What breaks here is what the field calls a hallucination.
///
/// A story holds together exactly when the parser finds a derivation for it. Otherwise the place
/// that the parser reached, and what it expected there, is the reason; then that word is put right
/// and the parser goes on, so that one story may show several breaks.
///
/// USES    core/check, core/export, tales/world, tales/parser
/// ERRORS  none: every text gets a verdict
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tales/world.hpp"

namespace limpid::tales {

struct Verdict {
  std::size_t sentences = 0;  ///< in the text
  std::size_t accepted = 0;   ///< of these, sentences of the world
  bool consistent = false;    ///< a whole story without a break
  std::vector<std::string> reasons;
};

/// `ended`: the end token followed. A name may be any capitalised word, as a reader may choose one.
LIMPID_API Verdict check(const World& world, std::string_view text, bool ended);

/// The sentences of a text, without the spaces between them.
LIMPID_API std::vector<std::string_view> sentences_of(std::string_view text);

}  // namespace limpid::tales
