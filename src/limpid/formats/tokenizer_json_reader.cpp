#include "limpid/formats/tokenizer_json_reader.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "limpid/formats/byte_alphabet.hpp"
#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/json_fields.hpp"
#include "limpid/formats/pretokenizer_json.hpp"
#include "limpid/formats/scored_pair_json.hpp"
#include "limpid/formats/token_table.hpp"
#include "limpid/formats/unigram_json.hpp"
#include "limpid/formats/word_piece_json.hpp"
#include "limpid/tokenizer/byte.hpp"
#include "limpid/tokenizer/byte_pair.hpp"
#include "limpid/tokenizer/character.hpp"
#include "limpid/tokenizer/pretokenizer.hpp"
#include "limpid/tokenizer/special_tokens.hpp"
#include "limpid/tokenizer/word.hpp"

namespace limpid {
namespace {

using Json = nlohmann::json;
constexpr auto kObject = Json::value_t::object;
constexpr auto kArray = Json::value_t::array;
constexpr int kDeepest = 16;  // what a real file nests is 5 deep

// Puts a token in its place, if the id is a number and the place is free.
void place_token(TokenTable& tokens, const std::string& name, const Json& id, std::string bytes) {
  std::optional<std::uint64_t> number;
  if (id.is_number_unsigned()) number = id.get<std::uint64_t>();
  tokens.place(name, shown(id), number, std::move(bytes));
}

TokenSet read_tokens(const Json& file, const Json& vocab, bool to_bytes) {
  const Json& added = get(file, "", "added_tokens", kArray);
  // Which texts are special, and how many tokens there are in all.
  std::vector<std::string> specials;
  std::size_t size = vocab.size();
  for (std::size_t i = 0; i < added.size(); ++i) {
    const std::string place = fmt::format("added_tokens[{}]", i);
    if (!added[i].is_object()) reject(place + " is no object");
    expect_unset(added[i], place + ".", {"single_word", "lstrip", "rstrip"});
    specials.push_back(get_text(added[i], place + ".", "content"));
    const auto known = vocab.find(specials.back());
    if (known == vocab.end()) {
      ++size;
    } else if (*known != get(added[i], "id")) {
      reject(fmt::format("{}.id is {}, but model.vocab says {}", place, shown(get(added[i], "id")),
                         shown(*known)));
    }
  }
  const std::set<std::string> special_set(specials.begin(), specials.end());
  // Every token in its place.
  TokenTable tokens(size);
  for (const auto& [name, id] : vocab.items()) {
    const bool text = !to_bytes || special_set.contains(name);
    const auto bytes = text ? name : from_byte_alphabet(name);
    if (!bytes)
      reject(fmt::format("token {} is not in GPT-2's alphabet of bytes", shown(Json(name))));
    place_token(tokens, name, id, *bytes);
  }
  for (std::size_t i = 0; i < specials.size(); ++i) {
    if (vocab.contains(specials[i])) continue;
    place_token(tokens, specials[i], get(added[i], "id"), specials[i]);
  }
  TokenSet set{tokens.vocabulary(), {}, std::nullopt};
  for (const std::string& special : specials) {
    set.special_ids.push_back(*set.vocabulary.find(special));
  }
  return set;
}

// A merge is "a b" or ["a", "b"].
std::vector<Merge> read_merges(const Json& model, const Json& vocab) {
  std::vector<Merge> merges;
  const auto id_of = [&](const std::string& name) -> TokenId {
    const auto found = vocab.find(name);
    if (found == vocab.end()) {
      reject(fmt::format("model.merges[{}] names {}, which is not in model.vocab", merges.size(),
                         shown(Json(name))));
    }
    return found->get<TokenId>();
  };
  for (const Json& merge : get(model, "model.", "merges", kArray)) {
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      merges.push_back({id_of(merge[0]), id_of(merge[1])});
      continue;
    }
    const std::string text = merge.is_string() ? merge.get<std::string>() : "";
    const std::size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
      reject(fmt::format("model.merges[{}] is {}, expected \"a b\" or [\"a\", \"b\"]",
                         merges.size(), shown(merge)));
    }
    merges.push_back({id_of(text.substr(0, space)), id_of(text.substr(space + 1))});
  }
  return merges;
}

// Bytes as they are, and nothing else but special tokens behind them.
bool is_plain_bytes(const TokenSet& tokens) {
  for (TokenId byte = 0; byte < 256; ++byte) {
    if (tokens.vocabulary.find(std::string(1, static_cast<char>(byte))) != byte) return false;
  }
  return tokens.vocabulary.size() == 256 + static_cast<TokenId>(tokens.special_ids.size());
}

// What characters, words, bytes and byte pairs share: a vocabulary, and perhaps merges.
std::unique_ptr<Tokenizer> read_merging(const Json& file, const std::string& type) {
  expect_unset(file, "", {"normalizer"});
  const Json& model = get(file, "model");
  const Json& vocab = get(model, "model.", "vocab", kObject);
  const Cutting cutting = from_pretokenizer_json(get(file, "pre_tokenizer").dump());
  expect_unset(
      model, "model.",
      {"dropout", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback"});
  const bool whole = get(model, "ignore_merges") == true;  // pieces that are tokens
  const bool merging = type == "BPE" && cutting.to_bytes;
  if (!whole || !merging) expect_unset(model, "model.", {"ignore_merges"});

  TokenSet tokens = read_tokens(file, vocab, cutting.to_bytes);
  if (!cutting.to_bytes && !get(model, "unk_token").is_null()) {  // bytes are never unknown
    const std::string& name = get_text(model, "model.", "unk_token");
    tokens.unknown = tokens.vocabulary.find(name);
    if (!tokens.unknown) reject(fmt::format("model.unk_token {} is no token", shown(Json(name))));
  }
  if (type == "WordLevel") {
    if (cutting != Cutting{Pattern::words, false}) {
      reject("pre_tokenizer cuts otherwise than word tokenizers here do");
    }
    return std::make_unique<WordTokenizer>(std::move(tokens));
  }
  std::vector<Merge> merges = read_merges(model, vocab);
  if (!cutting.to_bytes) {
    if (cutting.pattern != Pattern::none || !merges.empty()) {
      reject("pre_tokenizer has no ByteLevel, which a model with merges must have");
    }
    return std::make_unique<CharacterTokenizer>(std::move(tokens));
  }
  if (merges.empty() && !whole && cutting.pattern == Pattern::none && is_plain_bytes(tokens)) {
    std::vector<std::string> specials;
    for (TokenId id = 256; id < tokens.vocabulary.size(); ++id) {
      specials.emplace_back(tokens.vocabulary[id]);
    }
    return std::make_unique<ByteTokenizer>(specials);
  }
  return std::make_unique<BytePairTokenizer>(std::move(tokens), std::move(merges), cutting.pattern,
                                             whole ? WholePieces::looked_up : WholePieces::merged);
}

std::unique_ptr<Tokenizer> read(const Json& file) {
  if (!file.is_object()) reject(fmt::format("the file is {}, expected an object", shown(file)));
  expect_unset(file, "", {"truncation", "padding"});
  const Json& model = get(file, "", "model", kObject);
  const std::string& type = get_text(model, "model.", "type");
  if (is_scored_pairs(model)) {
    return read_scored_pairs(file,
                             read_tokens(file, get(model, "model.", "vocab", kObject), false));
  }
  if (type == "BPE" || type == "WordLevel") return read_merging(file, type);
  if (type == "WordPiece") {
    const Json& vocab = get(model, "model.", "vocab", kObject);
    return read_word_piece(file, read_tokens(file, vocab, false));
  }
  if (type == "Unigram") {
    return read_unigram(file, read_tokens(file, numbered_pieces(model), false));
  }
  reject(fmt::format("model.type is {}, expected BPE, WordLevel, WordPiece or Unigram",
                     shown(Json(type))));
}

}  // namespace

std::unique_ptr<Tokenizer> from_tokenizer_json(std::string_view json, std::string_view where) {
  return in_file(where, [&] {
    const auto shallow = [](int depth, Json::parse_event_t, Json&) {
      if (depth > kDeepest) reject("is nested too deeply to be a tokenizer");
      return true;
    };
    return read(parse_json<Json>(json, shallow));
  });
}

}  // namespace limpid
