#include "limpid/formats/gguf_tokenizer.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "limpid/core/check.hpp"
#include "limpid/formats/byte_alphabet.hpp"
#include "limpid/formats/file_handle.hpp"
#include "limpid/tokenizer/byte_pair.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"
#include "limpid/tokenizer/scored_pair.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/unigram.hpp"

namespace limpid {
namespace {

constexpr std::string_view kModel = "tokenizer.ggml.model", kPre = "tokenizer.ggml.pre",
                           kTokens = "tokenizer.ggml.tokens", kTypes = "tokenizer.ggml.token_type",
                           kMerges = "tokenizer.ggml.merges", kScores = "tokenizer.ggml.scores",
                           kSpace = "tokenizer.ggml.add_space_prefix";

enum TokenType : std::int32_t { ordinary = 1, unknown, special, users, unused, byte };

/// How llama.cpp calls a way to cut a text.
struct PreRow {
  std::string_view name;
  Pattern pattern;
  WholePieces whole;
};
constexpr PreRow kPres[] = {{"gpt-2", Pattern::gpt2, WholePieces::merged},
                            {"llama-bpe", Pattern::cl100k, WholePieces::looked_up},
                            {"smaug-bpe", Pattern::cl100k, WholePieces::merged}};

std::string_view pre_of(const Tokenizer& tokenizer) {
  // Bytes alone never merge: any pattern will do.
  if (tokenizer.kind() == "byte") return kPres[0].name;
  const auto* pairs = dynamic_cast<const BytePairTokenizer*>(&tokenizer);
  if (pairs == nullptr) {
    fail("gguf_tokenizer",
         fmt::format("GGUF has no tokenizer of the kind {}, expected bpe, byte or "
                     "sentencepiece",
                     tokenizer.kind()));
  }
  for (const PreRow& row : kPres) {
    if (row.pattern == pairs->pattern() && row.whole == pairs->whole_pieces()) return row.name;
  }
  fail("gguf_tokenizer",
       fmt::format("GGUF has no name for the pattern {} with whole pieces {}, expected gpt2 "
                   "(merged) or cl100k",
                   pattern_name(pairs->pattern()),
                   pairs->whole_pieces() == WholePieces::merged ? "merged" : "looked up"));
}

const PreRow& read_pre(const GgufKeys& keys, const std::filesystem::path& path) {
  const std::string name = keys.text(kPre).value_or(std::string(kPres[0].name));
  for (const PreRow& row : kPres) {
    if (row.name == name) return row;
  }
  fail_file(path, fmt::format("key {} is {}, expected \"gpt-2\", \"llama-bpe\" or \"smaug-bpe\"",
                              in_quotes(kPre), in_quotes(name)));
}

/// The types of all tokens; ordinary when the file does not say.
std::vector<Index> read_types(const GgufKeys& keys, const std::filesystem::path& path,
                              std::size_t tokens) {
  std::vector<Index> types = keys.integers(kTypes).value_or(std::vector<Index>(tokens, ordinary));
  if (types.size() != tokens) {
    fail_file(path, fmt::format("key {} has {} elements, expected {}, as there are tokens",
                                in_quotes(kTypes), types.size(), tokens));
  }
  return types;
}

/// Adds the next token of the file; no two may have the same bytes.
TokenId add_token(const std::filesystem::path& path, Vocabulary& vocabulary,
                  const std::string& bytes) {
  const TokenId expected = vocabulary.size();
  const TokenId id = vocabulary.add(bytes);
  if (id != expected) {
    fail_file(path,
              fmt::format("token {} has the bytes of token {}, expected others", expected, id));
  }
  return id;
}

std::unique_ptr<Tokenizer> read_byte_pair(const GgufKeys& keys, const std::filesystem::path& path) {
  const auto names = keys.required(kTokens, keys.texts(kTokens));
  const std::vector<Index> types = read_types(keys, path, names.size());
  const PreRow& pre = read_pre(keys, path);
  TokenSet tokens;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool text = types[i] == special || types[i] == users;
    const auto bytes = text ? names[i] : from_byte_alphabet(names[i]);
    if (!bytes) {
      fail_file(path, fmt::format("token {} is {}, expected GPT-2's alphabet of bytes", i,
                                  in_quotes(names[i])));
    }
    const TokenId id = add_token(path, tokens.vocabulary, *bytes);
    if (text) tokens.special_ids.push_back(id);
  }
  const auto id_of = [&](std::size_t merge, const std::string& name) {
    const auto bytes = from_byte_alphabet(name);
    const auto id = bytes ? tokens.vocabulary.find(*bytes) : std::nullopt;
    if (!id) {
      fail_file(path, fmt::format("merge {} names {}, which is no token", merge, in_quotes(name)));
    }
    return *id;
  };
  std::vector<Merge> merges;
  for (const std::string& merge : keys.required(kMerges, keys.texts(kMerges))) {
    const std::size_t space = merge.find(' ');
    if (space == std::string::npos) {
      fail_file(path, fmt::format("merge {} is {}, expected two tokens and a space between them",
                                  merges.size(), in_quotes(merge)));
    }
    merges.push_back({id_of(merges.size(), merge.substr(0, space)),
                      id_of(merges.size(), merge.substr(space + 1))});
  }
  return in_file(path, [&] {
    return std::make_unique<BytePairTokenizer>(std::move(tokens), std::move(merges), pre.pattern,
                                               pre.whole);
  });
}

std::unique_ptr<Tokenizer> read_scored_pairs(const GgufKeys& keys,
                                             const std::filesystem::path& path) {
  const auto names = keys.required(kTokens, keys.texts(kTokens));
  const std::vector<Index> types = read_types(keys, path, names.size());
  std::vector<float> scores = keys.required(kScores, keys.numbers(kScores));
  ScoredPairTokenizer::Options options{.space_before = keys.flag(kSpace).value_or(true)};
  if (const auto id = keys.integer(kGgufBeginKey)) {
    if (*id < 0 || *id >= static_cast<Index>(names.size())) {
      fail_file(path, fmt::format("key {} is {}, expected the number of one of {} tokens",
                                  in_quotes(kGgufBeginKey), *id, names.size()));
    }
    // Behind an ordinary token no space is taken away.
    if (types[static_cast<std::size_t>(*id)] == special) options.begin = static_cast<TokenId>(*id);
  }
  TokenSet tokens;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool text = types[i] == ordinary || types[i] == unused;
    const TokenId id =
        add_token(path, tokens.vocabulary, text ? without_space_marks(names[i]) : names[i]);
    if (types[i] == special || types[i] == users) tokens.special_ids.push_back(id);
    if (types[i] == unknown) tokens.unknown = id;
  }
  return in_file(path, [&] {
    return std::make_unique<ScoredPairTokenizer>(std::move(tokens), std::move(scores), options);
  });
}

/// Models may have more rows than the tokenizer has tokens: those have names that no text gives.
void pad(std::vector<std::string>& names, std::vector<std::int32_t>& types, Index vocab) {
  for (auto id = static_cast<Index>(names.size()); id < vocab; ++id) {
    names.push_back(fmt::format("[PAD{}]", id));
    types.push_back(unused);
  }
}

void write_scored_pairs(GgufKeyWriter& keys, const ScoredPairTokenizer& tokenizer, Index vocab) {
  std::vector<std::string> names;
  std::vector<std::int32_t> types;
  std::vector<float> scores;
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    types.push_back(tokenizer.byte_of(id)       ? byte
                    : id == tokenizer.unknown() ? unknown
                    : tokenizer.is_special(id)  ? special
                                                : ordinary);
    const std::string_view token = tokenizer.token_bytes(id);
    names.push_back(types.back() == ordinary ? with_space_marks(token) : std::string(token));
    scores.push_back(tokenizer.score(id));
  }
  pad(names, types, vocab);
  scores.resize(names.size(), -1e6F);
  keys.text(kModel, "llama");
  keys.text(kPre, "default");
  keys.texts(kTokens, names);
  keys.numbers(kScores, scores);
  keys.integers(kTypes, types);
  keys.flag(kSpace, tokenizer.options().space_before);
}

}  // namespace

void write_gguf_tokenizer(GgufKeyWriter& keys, const Tokenizer& tokenizer, Index vocab) {
  if (const auto* scored = dynamic_cast<const ScoredPairTokenizer*>(&tokenizer)) {
    return write_scored_pairs(keys, *scored, vocab);
  }
  const std::string_view pre = pre_of(tokenizer);
  const auto name = [&](TokenId id) {
    const std::string_view token = tokenizer.token_bytes(id);
    return tokenizer.is_special(id) ? std::string(token) : to_byte_alphabet(token);
  };
  std::vector<std::string> names, merges;
  std::vector<std::int32_t> types;
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    names.push_back(name(id));
    types.push_back(tokenizer.is_special(id) ? special : ordinary);
  }
  pad(names, types, vocab);
  if (const auto* pairs = dynamic_cast<const BytePairTokenizer*>(&tokenizer)) {
    for (const Merge& merge : pairs->merges()) {
      merges.push_back(name(merge.left) + " " + name(merge.right));
    }
  }
  keys.text(kModel, "gpt2");
  keys.text(kPre, pre);
  keys.texts(kTokens, names);
  keys.integers(kTypes, types);
  keys.texts(kMerges, merges);
}

std::unique_ptr<Tokenizer> read_gguf_tokenizer(const GgufKeys& keys,
                                               const std::filesystem::path& path) {
  const std::string model = keys.required(kModel, keys.text(kModel));
  if (model == "gpt2") return read_byte_pair(keys, path);
  if (model == "llama") return read_scored_pairs(keys, path);
  fail_file(path, fmt::format("key {} is {}, expected \"gpt2\" or \"llama\"", in_quotes(kModel),
                              in_quotes(model)));
}

}  // namespace limpid
