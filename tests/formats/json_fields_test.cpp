#include "limpid/formats/json_fields.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <string>

#include "support/scratch_directory.hpp"

// NO gradient check: text has no gradient
// NO fixture: the readers that use it have theirs
// NO accumulation: nothing accumulates

using namespace limpid;
using limpid::test::failure;
using Json = nlohmann::json;

TEST_CASE("by hand: values of a type, at a place") {
  const Json object = {{"a", "text"}, {"n", nullptr}, {"list", {1, 2}}};
  CHECK(get(object, "a") == "text");
  CHECK(get(object, "b").is_null());
  CHECK(get_text(object, "x.", "a") == "text");
  CHECK(get(object, "x.", "list", Json::value_t::array).size() == 2);
  expect_value(object, "x.", "a", Json("text"));
  expect_unset(object, "x.", {"n", "b"});
}

TEST_CASE("property: what is not there is null, and unset whatever the key") {
  for (const char* key : {"", "a", "long key", "κλειδί"}) {
    CHECK(get(Json::object(), key).is_null());
    expect_unset(Json::object(), "", {key});
    for (const Json& unset : {Json(nullptr), Json(false), Json("")}) {
      expect_unset(Json{{key, unset}}, "", {key});
    }
  }
}

TEST_CASE("edges: long values are shortened, what is not ASCII is escaped") {
  CHECK(shown(Json("é")) == "\"\\u00e9\"");
  CHECK(shown(Json(std::string(58, 'a'))).size() == 60);
  CHECK(shown(Json(std::string(59, 'a'))) == "\"" + std::string(56, 'a') + "...");
}

TEST_CASE("by hand: keys are unique in their object, and objects no deeper than allowed") {
  const auto parse = [](const char* text, int deepest = 2) {
    return failure("", [&] { parse_json<Json>(text, unique_keys<Json>(deepest)); });
  };
  CHECK(parse(R"({"a": {"a": 1}, "b": {"a": 1}})") == "no error");
  CHECK(parse(R"([{"a": 1}, {"a": 1}])") == "no error");
  CHECK(parse(R"({"a": 1, "b": 2, "a": 1})") == "\"a\" occurs twice");
  CHECK(parse(R"({"a": 1, "b": {"c": 1}, "a": 1})") == "\"a\" occurs twice");
  CHECK(parse(R"({"a": {"b": 1}, "b": 1})") == "no error");
  CHECK(parse(R"({"b": {"a\n": 1, "a\n": 1}})") == R"("a\x0a" occurs twice)");
  CHECK(parse("[[1]]") == "no error");
  CHECK(parse("[[[1]]]") == "nests deeper than 2 levels");
  CHECK(parse("[[1]]", 1) == "nests deeper than 1 levels");
}

TEST_CASE("misuse: other types, other values, settings that nobody has") {
  const Json object = {{"a", "text"}, {"t", true}, {"zero", 0}, {"list", Json::array()}};
  const auto error = [&](auto&& step) { return failure("", step); };
  CHECK(error([&] { get(object, "x.", "a", Json::value_t::object); }) ==
        "x.a is \"text\", expected object");
  CHECK(error([&] { get_text(object, "", "b"); }) == "b is null, expected string");
  CHECK(error([&] { expect_value(object, "x.", "t", Json(false)); }) ==
        "x.t is true, expected false");
  for (const char* key : {"a", "t", "zero", "list"}) {
    CHECK(error([&] { expect_unset(object, "x.", {key}); }) ==
          std::string("x.") + key + " is " + shown(object[key]) +
              ", expected null: it is not supported");
  }
  CHECK(error([&] { reject("why"); }) == "why");
}
