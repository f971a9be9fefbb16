#include "limpid/formats/llama2c_tokenizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "limpid/core/check.hpp"
#include "limpid/formats/atomic_file.hpp"
#include "limpid/formats/byte_cursor.hpp"
#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/mapped_file.hpp"
#include "limpid/tokenizer/special_tokens.hpp"

namespace limpid {
namespace {

constexpr TokenId kUnknownId = 0, kBeginId = 1, kEndId = 2, kFirstByte = 3;

}  // namespace

std::unique_ptr<ScoredPairTokenizer> read_llama2c_tokenizer(const std::filesystem::path& path) {
  const MappedFile file(path);
  ByteCursor cursor(file.path(), file.bytes());
  const auto longest = cursor.take_number<std::int32_t>("the length of the longest token");
  TokenSet tokens{.vocabulary = {}, .special_ids = {kBeginId, kEndId}, .unknown = kUnknownId};
  std::vector<float> scores;
  while (cursor.left() > 0) {
    const TokenId id = tokens.vocabulary.size();
    scores.push_back(cursor.take_number<float>("a token's score"));
    const auto length = cursor.take_number<std::int32_t>("a token's length");
    if (length < 0 || length > longest) {
      fail_file(path, fmt::format("token {} has length {}, expected 0 to {}, the longest", id,
                                  length, longest));
    }
    const auto bytes = cursor.take_text(static_cast<std::uint64_t>(length), "a token's bytes");
    const TokenId known = tokens.vocabulary.add(bytes);
    if (known != id) {
      fail_file(path,
                fmt::format("token {} has the bytes of token {}, expected others", id, known));
    }
    const int byte = id - kFirstByte;
    if (byte >= 0 && byte < 256 && bytes != byte_piece(byte)) {
      fail_file(path, fmt::format("token {} is {}, expected \"{}\"", id, in_quotes(bytes),
                                  byte_piece(byte)));
    }
  }
  if (scores.size() < kFirstByte + 256) {
    fail_file(path,
              fmt::format("has {} tokens, expected at least {}", scores.size(), kFirstByte + 256));
  }
  return in_file(path, [&] {
    return std::make_unique<ScoredPairTokenizer>(std::move(tokens), std::move(scores),
                                                 ScoredPairTokenizer::Options{.begin = kBeginId});
  });
}

void write_llama2c_tokenizer(const std::filesystem::path& path, const Tokenizer& tokenizer) {
  const auto* scored = dynamic_cast<const ScoredPairTokenizer*>(&tokenizer);
  if (scored == nullptr) {
    fail("llama2c_tokenizer", fmt::format("tokenizer.bin holds pieces with scores (sentencepiece), "
                                          "this tokenizer is of the kind {}",
                                          tokenizer.kind()));
  }
  if (scored->options().begin != kBeginId || !scored->options().space_before) {
    fail("llama2c_tokenizer",
         "tokenizer.bin has token 1 before a text, and then a space; this "
         "tokenizer has not");
  }
  for (int byte = 0; byte < 256; ++byte) {
    if (scored->byte_token(byte) == kFirstByte + byte) continue;
    fail("llama2c_tokenizer", fmt::format("byte {} is token {}, expected {}", byte,
                                          scored->byte_token(byte), kFirstByte + byte));
  }
  std::string bytes;
  const auto put = [&bytes](auto number) { append_number(bytes, number); };
  std::size_t longest = 0;
  for (TokenId id = 0; id < scored->vocab_size(); ++id) {
    longest = std::max(longest, scored->token_bytes(id).size());
  }
  put(static_cast<std::int32_t>(longest));
  for (TokenId id = 0; id < scored->vocab_size(); ++id) {
    put(scored->score(id));
    put(static_cast<std::int32_t>(scored->token_bytes(id).size()));
    bytes += scored->token_bytes(id);
  }
  write_file_atomically(path, bytes);
}

}  // namespace limpid
