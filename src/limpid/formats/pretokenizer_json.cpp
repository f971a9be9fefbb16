#include "limpid/formats/pretokenizer_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <initializer_list>
#include <utility>

#include "limpid/formats/json_fields.hpp"

namespace limpid {
namespace {

using OrderedJson = nlohmann::ordered_json;  // keeps the order of keys: files that people can read

OrderedJson byte_level(bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", false},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

OrderedJson split(Pattern pattern) {
  return {{"type", "Split"},
          {"pattern", {{"Regex", pattern_regex(pattern)}}},
          {"behavior", "Isolated"},
          {"invert", false}};
}

// A value at step[key], or null.
OrderedJson value(const OrderedJson& step, const char* key) {
  return step.is_object() && step.contains(key) ? step[key] : OrderedJson();
}

[[noreturn]] void refuse(const std::string& what, const OrderedJson& got,
                         const std::string& expected) {
  reject(fmt::format("{} is {}, expected {}", what, shown(got), expected));
}

void read_step(const OrderedJson& step, const std::string& place, Cutting& cutting) {
  const OrderedJson type = value(step, "type");
  Pattern pattern = Pattern::none;
  if (type == "ByteLevel") {
    if (value(step, "add_prefix_space") != false) {
      refuse(place + ".add_prefix_space", value(step, "add_prefix_space"), "false");
    }
    cutting.to_bytes = true;
    if (value(step, "use_regex") != false) pattern = Pattern::gpt2;  // true when it is not there
  } else if (type == "Split") {
    const OrderedJson regex = value(value(step, "pattern"), "Regex");
    for (const Pattern known :
         {Pattern::gpt2, Pattern::cl100k, Pattern::whitespace, Pattern::words}) {
      if (regex == pattern_regex(known)) pattern = known;
    }
    if (pattern == Pattern::none) refuse(place + ".pattern", regex, "a pattern known here");
    if (value(step, "behavior") != "Isolated") {
      refuse(place + ".behavior", value(step, "behavior"), "\"Isolated\"");
    }
    if (value(step, "invert") == true) refuse(place + ".invert", true, "false");
  } else {
    refuse(place + ".type", type, "\"ByteLevel\" or \"Split\"");
  }
  if (pattern == Pattern::none) return;
  if (cutting.pattern != Pattern::none) refuse(place, step, "no second pattern");
  cutting.pattern = pattern;
}

}  // namespace

std::string to_pretokenizer_json(const Cutting& cutting) {
  OrderedJson json;
  const bool byte_level_knows =
      cutting.pattern == Pattern::none || cutting.pattern == Pattern::gpt2;
  if (cutting.to_bytes && byte_level_knows) {
    json = byte_level(cutting.pattern == Pattern::gpt2);
  } else if (cutting.to_bytes) {
    json = {{"type", "Sequence"},
            {"pretokenizers", OrderedJson::array({split(cutting.pattern), byte_level(false)})}};
  } else if (cutting.pattern != Pattern::none) {
    json = split(cutting.pattern);
  }
  return json.dump();
}

Cutting from_pretokenizer_json(std::string_view text) {
  const OrderedJson json = OrderedJson::parse(text);
  Cutting cutting;
  if (json.is_null()) return cutting;
  if (value(json, "type") != "Sequence") {
    read_step(json, "pre_tokenizer", cutting);
    return cutting;
  }
  const OrderedJson steps = value(json, "pretokenizers");
  if (!steps.is_array()) refuse("pre_tokenizer.pretokenizers", steps, "an array");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string place = fmt::format("pre_tokenizer.pretokenizers[{}]", i);
    if (cutting.to_bytes) refuse(place, steps[i], "nothing behind ByteLevel");
    read_step(steps[i], place, cutting);
  }
  return cutting;
}

}  // namespace limpid
