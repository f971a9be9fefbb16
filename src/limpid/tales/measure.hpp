/// What a text of tales is like: how rich its words are, how its sentences repeat, and its floor.
///
/// A skeleton is a sentence whose slot words are masked: every word that a list holds, or that a rule
/// of single words chooses ("sighed", "softly"). If one skeleton were common, a model would look
/// clever for little.
///
/// USES    core/export, core/rng, tales/story, tales/world, tales/writer, tales/checker, tales/world_text
/// ERRORS  std::invalid_argument when no bytes are asked for
#pragma once

#include <cstddef>
#include <string>

#include "limpid/core/export.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/tales/story.hpp"
#include "limpid/tales/world.hpp"

namespace limpid::tales {

struct Range {
  std::size_t least = 0, most = 0;
  double mean = 0;
};

struct Measures {
  std::size_t bytes = 0, stories = 0;  ///< bytes: of the stories, without end tokens
  std::size_t word_types = 0;          ///< different words, whatever their capitals
  std::size_t word_types_20 = 0;       ///< of these, found 20 times or more
  std::size_t sentences = 0, skeletons = 0;
  double largest_skeleton = 0;  ///< share of all sentences
  std::string largest_skeleton_text;
  Range words_per_story, sentences_per_story, recalls_per_story;
  double bits_per_byte = 0;  ///< the floor
};

/// Writes stories until they have at least so many bytes, and measures them.
LIMPID_API Measures measure(const World& world, Split split, Rng& rng, std::size_t bytes);

}  // namespace limpid::tales
