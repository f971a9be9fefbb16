#include "limpid/train/report.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <stdexcept>

#include "limpid/core/embedded.hpp"
#include "limpid/formats/atomic_file.hpp"

namespace limpid {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::string_view kPlace = "{{the run as JSON}}";

// Three decimals are enough for a page, and short.
double rounded(double value, double digits = 1000) {
  return std::round(value * digits) / digits;
}

OrderedJson optional_number(const std::optional<double>& value) {
  return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

// Short keys and flat lists: a page has a hundred thousand looks.
//   t text   s mark   b bits   p probability   g [text, probability, ...]
//   a [[token, per cent, token, per cent ...] of view 0, of view 1, ...]
OrderedJson to_json(const ShownToken& token) {
  OrderedJson json = {{"t", token.text}};
  if (token.special) json["s"] = 1;
  json["b"] = rounded(token.bits);
  json["p"] = rounded(token.probability, 10000);
  json["g"] = OrderedJson::array();
  for (const ShownGuess& guess : token.guesses) {
    json["g"].push_back(guess.text);
    json["g"].push_back(rounded(guess.probability, 10000));
  }
  json["a"] = OrderedJson::array();
  for (const std::vector<ShownLook>& view : token.looks) {
    OrderedJson looks = OrderedJson::array();
    for (const ShownLook& look : view) {
      looks.push_back(look.token);
      looks.push_back(static_cast<int>(std::round(look.weight * 100)));
    }
    json["a"].push_back(std::move(looks));
  }
  return json;
}

OrderedJson to_json(const ShownText& text) {
  OrderedJson json = {{"real", text.real}, {"verdict", text.verdict}};
  json["recalls"] = OrderedJson::array();
  for (const ShownRecall& r : text.recalls) {
    json["recalls"].push_back({{"from", r.first},
                               {"to", r.end},
                               {"source", r.source_first},
                               {"source_to", r.source_end},
                               {"fact", r.fact}});
  }
  json["tokens"] = OrderedJson::array();
  for (const ShownToken& token : text.tokens) json["tokens"].push_back(to_json(token));
  return json;
}

OrderedJson to_json(const ReportData& data) {
  OrderedJson json = {{"result", data.result}, {"step", data.step}, {"files", data.files}};
  json["options"] = OrderedJson::array();
  for (const auto& [key, value] : data.options.entries()) json["options"].push_back({key, value});
  const Config& model = data.options.model;
  json["model"] = {{"family", family_name(model.family)},
                   {"layers", model.layers},
                   {"heads", model.heads},
                   {"width", model.width},
                   {"context", model.context},
                   {"vocab", model.vocab}};
  json["steps"] = data.options.steps;
  json["seed"] = data.options.seed;
  json["metrics"] = OrderedJson::array();
  for (const Metrics& m : data.metrics) {
    json["metrics"].push_back({{"step", m.step},
                               {"train", m.train_loss},
                               {"val", m.val_loss},
                               {"bits", m.bits_per_byte},
                               {"speed", rounded(m.tokens_per_second, 1)},
                               {"gflops", rounded(m.gflops, 10)},
                               {"rate", m.learning_rate}});
  }
  json["rate"] = OrderedJson::array();
  for (const Index step : spread(data.step, 120)) {
    json["rate"].push_back({step, data.options.learning_rate(step)});
  }
  json["prompt"] = data.prompt;
  json["replay"] = OrderedJson::array();
  for (const Index place : data.moments) {
    json["replay"].push_back(
        {{"at", place}, {"sample", data.metrics[static_cast<std::size_t>(place)].sample}});
  }
  json["baselines"] = {{"uniform", optional_number(data.baselines.uniform)},
                       {"bigram", optional_number(data.baselines.bigram)},
                       {"five_gram", optional_number(data.baselines.five_gram)},
                       {"floor", optional_number(data.baselines.floor)}};
  json["heads_shown"] = data.heads_shown;
  json["texts"] = OrderedJson::array();
  for (const ShownText& text : data.texts) json["texts"].push_back(to_json(text));
  json["parameters"] = OrderedJson::array();
  for (const ShownParameter& p : data.parameters) {
    json["parameters"].push_back({{"name", p.name}, {"shape", p.shape}, {"numbers", p.numbers}});
  }
  json["command"] = data.command;
  json["notes"] = data.notes;
  return json;
}

}  // namespace

std::string report_page(const ReportData& data) {
  const std::string json =
      to_json(data).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
  std::string safe;
  for (const char letter : json) {
    if (letter == '<') {
      safe += "\\u003c";
    } else {
      safe += letter;
    }
  }
  std::string page(embedded_report().front().text);
  const std::size_t place = page.find(kPlace);
  if (place == std::string::npos) throw std::logic_error("report: the page has no place for data");
  return page.replace(place, kPlace.size(), safe);
}

std::filesystem::path write_report(const std::filesystem::path& directory) {
  std::filesystem::path path = directory / "report.html";
  write_file_atomically(path, report_page(make_report_data(directory)));
  return path;
}

}  // namespace limpid
