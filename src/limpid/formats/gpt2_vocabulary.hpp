/// GPT-2's own pair of files: `encoder.json`, which numbers the tokens, and `vocab.bpe`, which
/// lists the merges. (RoBERTa and others call them vocab.json and merges.txt.)
///
///   encoder.json   {"!": 0, ... "Ġt": 256, ... "<|endoftext|>": 50256}
///   vocab.bpe      #version: 0.2
///                  Ġ t
///                  Ġ a
///
/// Both spell bytes in GPT-2's alphabet (byte_alphabet.hpp). Which tokens are special the files do
/// not say: the reader is told, and they must stand in encoder.json.
///
/// Nothing in the files is trusted. Beside what tokenizer.json's reader checks, each token of two
/// bytes or more must be made by a merge; so a vocab.bpe that was cut short is noticed, wherever.
///
///   vocab.bpe: line 3 is "Ġ", expected two tokens with a space between them
///   vocab.bpe: line 3 names "xq", which is not in encoder.json
///   vocab.bpe: no merge makes token 50255 "Ġgazed", expected one: cut short, or it is special?
///
/// SOURCE  the encoder published with Radford et al. 2019 (GPT-2)
/// USES    formats/byte_alphabet, formats/file_handle, formats/json_fields, formats/text_file,
/// USES    formats/token_table, tokenizer/byte_pair, tokenizer/special_tokens
/// ERRORS  std::runtime_error, one line: the file, the place in it, what was expected, what came
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "limpid/core/export.hpp"
#include "limpid/tokenizer/byte_pair.hpp"
#include "limpid/tokenizer/special_tokens.hpp"

namespace limpid {

struct NamedText {
  std::string_view name;  ///< the file's, for error messages
  std::string_view text;
};

LIMPID_API BytePairTokenizer
from_gpt2_vocabulary(const NamedText& encoder, const NamedText& merges,
                     const std::vector<std::string>& specials = default_specials());

LIMPID_API BytePairTokenizer
read_gpt2_vocabulary(const std::filesystem::path& encoder, const std::filesystem::path& merges,
                     const std::vector<std::string>& specials = default_specials());

}  // namespace limpid
