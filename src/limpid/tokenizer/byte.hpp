/// Byte tokens: the smallest vocabulary that can spell every text of every script.
///
///   "unhappiness"  75 6E 68 61 70 70 69 6E 65 73 73      id = byte
///   "é"            C3 A9                                 one character, two tokens
///
/// Nothing is unknown and nothing is lost: `decode(encode(bytes)) == bytes` for every byte string.
/// The price is length: a model spends two steps on C3 A9, and must learn that they belong together.
///
/// Token i is byte i, so id 97 is the letter a; special tokens follow from 256.
///
/// SOURCE  Xue et al. 2021, arXiv:2105.13626 (ByT5), section 3
/// USES    core, tokenizer/tokenizer
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/tokenizer.hpp"

namespace limpid {

class LIMPID_API ByteTokenizer : public Tokenizer {
 public:
  explicit ByteTokenizer(const std::vector<std::string>& specials = default_specials());
  std::string_view kind() const override { return "byte"; }

 protected:
  void encode_text(std::string_view text, EncodeCache* cache,
                   std::vector<TokenId>& ids) const override;
};

}  // namespace limpid
