/// The distinct pieces of a text, and how often each occurs.
///
///   "the cat, the hat"   the 1| cat 1|, 1| the 1| hat 1
///
/// Language repeats itself: 100 MB of English hold some 20 million pieces, of which a few hundred
/// thousand are distinct. Whoever learns from counts (word, byte_pair_trainer) needs memory
/// for the distinct ones only, and may add a text in chunks, if no piece lies across two of them
/// (text_cut.hpp finds such places). A long text is counted by all threads, each a part of it; the
/// result is the same, down to the order of the pieces.
///
/// USES    core, tokenizer/vocabulary, tokenizer/special_tokens, tokenizer/pretokenizer,
/// USES    tokenizer/text_cut
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/vocabulary.hpp"

namespace limpid {

class LIMPID_API PieceCounts {
 public:
  /// Special tokens are no pieces, and no piece reaches across one.
  explicit PieceCounts(Pattern pattern, std::vector<std::string> specials = default_specials());

  /// Counts the pieces of a text, or of a chunk that ends where a piece ends.
  void add(std::string_view text);
  /// Counts one piece as it is, `count` times more. REQUIRES piece is not empty.
  void add_piece(std::string_view piece, std::int64_t count = 1);

  /// Pieces are numbered in the order in which they first came.
  TokenId size() const { return pieces_.size(); }
  std::string_view piece(TokenId i) const { return pieces_[i]; }
  std::int64_t count(TokenId i) const { return counts_[static_cast<std::size_t>(i)]; }

 private:
  void add_part(std::string_view text);

  Pattern pattern_;
  std::vector<std::string> specials_;
  Vocabulary pieces_;
  std::vector<std::int64_t> counts_;
};

}  // namespace limpid
