/// A vocabulary: byte strings numbered from 0, found by number and by content.
///
///   add("un") = 0,  add("happi") = 1,  add("ness") = 2,  add("un") = 0 again
///   vocabulary[1] = "happi",  find("ness") = 2,  find("happy") = nothing
///
/// All strings stand behind each other in one block of memory; a table of numbers, addressed by a
/// string's hash, finds them. No string occurs twice: a token *is* its bytes.
///
/// USES    core, tokenizer/hash
/// ERRORS  std::invalid_argument when an id is outside [0, size)
/// COST    the strings' bytes and 12 to 20 bytes for each string
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"

namespace limpid {

/// The number of a token. Signed, so that -1 can mean "none" (an ignored target, a boundary).
using TokenId = std::int32_t;

class LIMPID_API Vocabulary {
 public:
  /// All 256 bytes, token i being byte i: how a byte-level vocabulary begins.
  static Vocabulary of_bytes();

  /// The number of these bytes: a new one, the next free, when they are not known yet.
  TokenId add(std::string_view bytes);
  std::optional<TokenId> find(std::string_view bytes) const;
  /// The bytes of a token; valid until the next `add`.
  std::string_view operator[](TokenId id) const;
  TokenId size() const { return static_cast<TokenId>(ends_.size()); }

 private:
  std::size_t slot_of(std::string_view bytes) const;
  void grow();

  std::string bytes_;              // all strings, one behind the other
  std::vector<std::size_t> ends_;  // string i is bytes_[ends_[i - 1] .. ends_[i])
  std::vector<TokenId> slots_;     // hash table of ids, open addressing; -1 is free
};

}  // namespace limpid
