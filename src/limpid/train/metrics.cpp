#include "limpid/train/metrics.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "limpid/formats/atomic_file.hpp"
#include "limpid/formats/json_fields.hpp"
#include "limpid/formats/text_file.hpp"

namespace limpid {
namespace {

using OrderedJson = nlohmann::ordered_json;

// A number like 1e30 is JSON too, and no step.
Index whole(const nlohmann::json& json, const char* key) {
  const nlohmann::json& value = json.at(key);
  if (!value.is_number_integer() || value.get<Index>() < 0) {
    reject(fmt::format("{} is {}, expected a whole number", key, shown(value)));
  }
  return value.get<Index>();
}

Metrics from_json(const nlohmann::json& json) {
  Metrics m;
  m.step = whole(json, "step");
  m.train_loss = json.at("train_loss").is_null() ? 0 : json.at("train_loss").get<double>();
  m.val_loss = json.at("val_loss").get<double>();
  m.bits_per_byte = json.at("bits_per_byte").get<double>();
  m.tokens_per_second = json.at("tokens_per_second").get<double>();
  m.gflops = json.at("gflops").get<double>();
  m.learning_rate = json.at("learning_rate").get<double>();
  m.tokens = whole(json, "tokens");
  m.seconds = json.at("seconds").get<double>();
  m.sample = json.at("sample").get<std::string>();
  return m;
}

// What is wrong is one short line, however long the text.
Metrics from_line(const std::string& line) {
  const auto json = parse_json<nlohmann::json>(line, nullptr);
  try {
    return from_json(json);
  } catch (const nlohmann::json::exception& error) {
    reject(error.what());
  }
}

}  // namespace

std::string to_json_line(const Metrics& m) {
  OrderedJson json = {{"step", m.step},
                      {"train_loss", m.train_loss},
                      {"val_loss", m.val_loss},
                      {"bits_per_byte", m.bits_per_byte},
                      {"tokens_per_second", m.tokens_per_second},
                      {"gflops", m.gflops},
                      {"learning_rate", m.learning_rate},
                      {"tokens", m.tokens},
                      {"seconds", m.seconds},
                      {"sample", m.sample}};
  if (m.step == 0) json["train_loss"] = nullptr;  // nothing was trained yet
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

void append_metrics(const std::filesystem::path& path, const Metrics& metrics) {
  std::ofstream file(path, std::ios::app | std::ios::binary);
  file << to_json_line(metrics) << std::flush;
  if (!file) throw std::runtime_error(fmt::format("{}: cannot be written", path.string()));
}

std::vector<Metrics> read_metrics(const std::filesystem::path& path) {
  std::vector<Metrics> all;
  if (!std::filesystem::exists(path)) return all;
  std::istringstream lines(read_text_file(path));
  for (std::string line; std::getline(lines, line);) {
    try {
      all.push_back(from_line(line));
    } catch (const std::runtime_error& error) {
      if (lines.eof()) break;  // no line end: a kill cut it short
      throw std::runtime_error(
          fmt::format("{}: line {}: {}", path.string(), all.size() + 1, error.what()));
    }
  }
  return all;
}

std::vector<Index> cut_metrics(const std::filesystem::path& path, Index step) {
  std::vector<Index> left_out;
  if (!std::filesystem::exists(path)) return left_out;
  const std::string text = read_text_file(path);
  std::string kept;
  Index number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    try {
      if (from_line(line).step > step) continue;
    } catch (const std::runtime_error&) {
      left_out.push_back(number);
      continue;
    }
    kept += line + "\n";
  }
  write_file_atomically(path, kept);
  return left_out;
}

}  // namespace limpid
