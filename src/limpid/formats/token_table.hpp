/// Tokens that a file numbers, put in their places: files list them in any order.
///
/// Nothing is trusted: every number from 0 to the last must be taken exactly once, and no two
/// tokens may have the same bytes.
///
///   token "un" has id 9, expected 0 to 4: there are 5 tokens
///   token "un" has id 3, as another token has
///   no token has id 2, expected ids 0 to 4
///   token 4 has the bytes of token 1, expected others
///
/// USES    formats/file_handle, tokenizer/vocabulary
/// ERRORS  std::runtime_error: the lines above; a reader puts its file's name before them
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/vocabulary.hpp"

namespace limpid {

class LIMPID_API TokenTable {
 public:
  /// REQUIRES size is no more than the file has tokens, or a stranger decides how much memory to
  /// take
  explicit TokenTable(std::size_t size) : tokens_(size) {}

  /// `name` is how the file writes the token, `shown_id` how it writes the number; `id` is nothing
  /// when that is no number.
  void place(std::string_view name, std::string_view shown_id, std::optional<std::uint64_t> id,
             std::string bytes);
  void place(std::string_view name, std::uint64_t id, std::string bytes);
  std::size_t size() const { return tokens_.size(); }
  /// REQUIRES id < size
  bool taken(std::size_t id) const { return tokens_[id].has_value(); }

  Vocabulary vocabulary() const;

 private:
  std::vector<std::optional<std::string>> tokens_;
};

}  // namespace limpid
