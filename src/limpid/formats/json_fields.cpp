#include "limpid/formats/json_fields.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <set>
#include <stdexcept>
#include <vector>

#include "limpid/formats/file_handle.hpp"

namespace limpid {

void reject(const std::string& message) {
  throw std::runtime_error(message);
}

template <class Json>
Json parse_json(std::string_view text, const typename Json::parser_callback_t& watch) {
  try {
    return Json::parse(text, watch);
  } catch (const typename Json::parse_error& error) {
    reject(fmt::format("is not JSON, at byte {}", error.byte));
  } catch (const typename Json::out_of_range&) {
    reject("has a number that is too large");
  }
}

template <class Json>
typename Json::parser_callback_t unique_keys(int deepest) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  return [deepest, keys](int depth, typename Json::parse_event_t event, Json& parsed) mutable {
    if (depth > deepest) reject(fmt::format("nests deeper than {} levels", deepest));
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) {
      const std::string& key = parsed.template get_ref<const std::string&>();
      if (!keys.back().insert(key).second) reject(in_quotes(key) + " occurs twice");
    }
    return true;
  };
}

template <class Json>
std::string shown(const Json& value) {
  const std::string text = value.dump(-1, ' ', true);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

template <class Json>
const Json& get(const Json& object, const char* key) {
  static const Json kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

template <class Json>
const Json& get(const Json& object, const std::string& place, const char* key,
                typename Json::value_t type) {
  const Json& value = get(object, key);
  if (value.type() != type) {
    reject(
        fmt::format("{}{} is {}, expected {}", place, key, shown(value), Json(type).type_name()));
  }
  return value;
}

template <class Json>
const std::string& get_text(const Json& object, const std::string& place, const char* key) {
  return get(object, place, key, Json::value_t::string).template get_ref<const std::string&>();
}

template <class Json>
void expect_value(const Json& object, const std::string& place, const char* key,
                  const Json& expected) {
  const Json& value = get(object, key);
  if (value == expected) return;
  reject(fmt::format("{}{} is {}, expected {}", place, key, shown(value), shown(expected)));
}

template <class Json>
void expect_unset(const Json& object, const std::string& place,
                  std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const Json& value = get(object, key);
    // NOLINTNEXTLINE(readability-container-size-empty): JSON's empty() is true for [] too
    if (value.is_null() || value == false || value == "") continue;
    reject(fmt::format("{}{} is {}, expected null: it is not supported", place, key, shown(value)));
  }
}

#define LIMPID_INSTANTIATE(Json)                                                         \
  template Json parse_json(std::string_view, const Json::parser_callback_t&);            \
  template Json::parser_callback_t unique_keys<Json>(int);                               \
  template std::string shown(const Json&);                                               \
  template const Json& get(const Json&, const char*);                                    \
  template const Json& get(const Json&, const std::string&, const char*, Json::value_t); \
  template const std::string& get_text(const Json&, const std::string&, const char*);    \
  template void expect_value(const Json&, const std::string&, const char*, const Json&); \
  template void expect_unset(const Json&, const std::string&, std::initializer_list<const char*>);
LIMPID_INSTANTIATE(nlohmann::json)
template std::string shown(const nlohmann::ordered_json&);

}  // namespace limpid
