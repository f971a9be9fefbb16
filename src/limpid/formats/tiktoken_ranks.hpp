/// tiktoken's rank files: a vocabulary, one token a line, in base64, with its number.
///
///   IQ== 0          !
///   IHRoZQ== 262    " the"
///
/// The number is a rank too: of all neighbours whose bytes together are a token, those of the
/// lowest number are joined first. There is no list of merges; rank_merges derives the one that
/// does the same. A piece that is a token is that token, as tiktoken has it.
///
/// Pattern and special tokens do not stand in the file: whoever reads it must know the encoding.
///
///   name          pattern   ranks     special tokens
///   r50k_base     gpt2       50256    50256: GPT-2's vocabulary, numbered as GPT-2 numbers it
///   cl100k_base   cl100k    100256    100257 to 100260, 100276: GPT-4's
///
/// Numbers between the last rank and the last special token that nobody has (100256, 100261 ...)
/// become special tokens of their own, named <|reserved_100256|>.
///
/// Nothing in the file is trusted: every number up to the last must come once, tokens must differ
/// and have at most 1024 bytes, and the 256 single bytes must be there.
///
///   cl100k_base.tiktoken: line 7 is "IQ==", expected a token in base64, a space and its number
///
/// SOURCE  the format of OpenAI's tiktoken
/// USES    formats/base64, formats/file_handle, formats/text_file, formats/token_table,
/// USES    tokenizer/byte_pair, tokenizer/pretokenizer, tokenizer/rank_merges,
/// USES    tokenizer/special_tokens, tokenizer/vocabulary
/// ERRORS  std::runtime_error, one line: the file, the line in it, what was expected, what came
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/byte_pair.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"
#include "limpid/tokenizer/vocabulary.hpp"

namespace limpid {

struct NumberedSpecial {
  std::string text;
  TokenId id;
};

/// What a rank file does not say.
struct RankEncoding {
  Pattern pattern = Pattern::gpt2;
  std::vector<NumberedSpecial> specials;
  std::size_t ranks = 0;  ///< how many the file must have, so that a cut one is noticed; 0: any
};

LIMPID_API RankEncoding r50k_base();
LIMPID_API RankEncoding cl100k_base();

/// The tokenizer that a rank file's text describes; `where` is the file's name, for error messages.
LIMPID_API BytePairTokenizer from_tiktoken_ranks(std::string_view text,
                                                 const RankEncoding& encoding,
                                                 std::string_view where);

LIMPID_API BytePairTokenizer read_tiktoken_ranks(const std::filesystem::path& path,
                                                 const RankEncoding& encoding);

}  // namespace limpid
