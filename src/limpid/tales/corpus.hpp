/// A file of tales: stories, each followed by its end token and a line break.
///
/// USES    core/export, core/rng, tales/story, tales/world, tales/writer
/// ERRORS  whatever the writer throws
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/tales/story.hpp"
#include "limpid/tales/world.hpp"

namespace limpid::tales {

/// The random numbers of a split: with one seed, each split has a stream of its own.
LIMPID_API Rng stream(std::uint64_t seed, Split split);

/// Stories until the text has at least so many bytes. `bits`, if given, gets the sum of their bits.
LIMPID_API std::string write_corpus(const World& world, Split split, std::uint64_t seed,
                                    std::size_t bytes, double* bits = nullptr);

/// A story in a file. Only the last one may lack its end token.
struct Entry {
  std::string_view text;
  bool ended = false;
};

/// The stories of a file, as views into its text. Blank space around a story is not part of it.
LIMPID_API std::vector<Entry> entries(std::string_view corpus);

}  // namespace limpid::tales
