#include "limpid/formats/tokenizer_json_reader.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <initializer_list>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "limpid/formats/byte_alphabet.hpp"
#include "limpid/formats/file_handle.hpp"
#include "limpid/formats/pretokenizer_json.hpp"
#include "limpid/formats/token_table.hpp"
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
constexpr auto kText = Json::value_t::string;
constexpr int kDeepest = 16;  // what a real file nests is 5 deep

// A mistake in the file; `from_tokenizer_json` puts the file's name before it.
[[noreturn]] void reject(const std::string& message) {
  throw std::runtime_error(message);
}

// A value as it stands in the file, shortened, for messages.
std::string shown(const Json& value) {
  const std::string text = value.dump(-1, ' ', true);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

// object[key], or null when it is not there.
const Json& get(const Json& object, const char* key) {
  static const Json kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

// object[key], which must be of a type.
const Json& get(const Json& object, const std::string& place, const char* key, Json::value_t type) {
  const Json& value = get(object, key);
  if (value.type() != type) {
    reject(
        fmt::format("{}{} is {}, expected {}", place, key, shown(value), Json(type).type_name()));
  }
  return value;
}

const std::string& get_text(const Json& object, const std::string& place, const char* key) {
  return get(object, place, key, kText).get_ref<const std::string&>();
}

// Settings that would change the ids, and that no tokenizer here has.
void expect_unset(const Json& object, const std::string& place,
                  std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const Json& value = get(object, key);
    // NOLINTNEXTLINE(readability-container-size-empty): JSON's empty() is true for [] too
    if (value.is_null() || value == false || value == "") continue;
    reject(fmt::format("{}{} is {}, expected null: it is not supported", place, key, shown(value)));
  }
}

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
    if (!bytes) reject(fmt::format("token {} is not in GPT-2's alphabet of bytes", shown(name)));
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
                         shown(name)));
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

std::unique_ptr<Tokenizer> read(const Json& file) {
  if (!file.is_object()) reject(fmt::format("the file is {}, expected an object", shown(file)));
  expect_unset(file, "", {"normalizer"});
  const Json& model = get(file, "", "model", kObject);
  const Json& vocab = get(model, "model.", "vocab", kObject);
  const std::string& type = get_text(model, "model.", "type");
  const Cutting cutting = from_pretokenizer_json(get(file, "pre_tokenizer").dump());
  if (type != "BPE" && type != "WordLevel") {
    reject(fmt::format("model.type is \"{}\", expected BPE or WordLevel", type));
  }
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
    if (!tokens.unknown) reject(fmt::format("model.unk_token {} is no token", shown(name)));
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

}  // namespace

std::unique_ptr<Tokenizer> from_tokenizer_json(std::string_view json, std::string_view where) {
  return in_file(where, [&] {
    const auto shallow = [](int depth, Json::parse_event_t, Json&) {
      if (depth > kDeepest) reject("is nested too deeply to be a tokenizer");
      return true;
    };
    try {
      return read(Json::parse(json, shallow));
    } catch (const Json::parse_error& error) {
      reject(fmt::format("is not JSON, at byte {}", error.byte));
    }
  });
}

}  // namespace limpid
