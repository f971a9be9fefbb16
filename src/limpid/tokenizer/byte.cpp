#include "limpid/tokenizer/byte.hpp"

#include <cstdint>

namespace limpid {

ByteTokenizer::ByteTokenizer(const std::vector<std::string>& specials)
    : Tokenizer(with_specials(Vocabulary::of_bytes(), specials)) {}

void ByteTokenizer::encode_text(std::string_view text, EncodeCache* /*cache*/,
                                std::vector<TokenId>& ids) const {
  ids.reserve(ids.size() + text.size());
  for (const char byte : text) ids.push_back(static_cast<std::uint8_t>(byte));
}

}  // namespace limpid
