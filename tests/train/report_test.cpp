#include "limpid/train/report.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <string_view>

#include "limpid/core/embedded.hpp"

#include "support/scratch_directory.hpp"
#include "support/tiny_run.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: nothing is learned here
// NO fixture: no other implementation writes this page
// NO accumulation: there are no gradients

namespace {

std::string_view data_part(std::string_view page) {
  constexpr std::string_view kBegin = "<script type=\"application/json\" id=\"data\">";
  const std::size_t begin = page.find(kBegin) + kBegin.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

// Text with everything that could break a page or its script.
std::string nasty_text() {
  std::string text;
  for (int i = 0; i < 30; ++i) {
    text += "</script><!-- <script> \"quoted\" 'too' \\ \t & \xE2\x80\xA8 \xF0\x9F\x98\x80\n";
  }
  return text;
}

}  // namespace

TEST_CASE("by hand: a token's text, surprise and looks stand in the page's JSON") {
  ReportData data;
  data.options = preset("demo");
  ShownToken token;
  token.text = "</script>";
  token.bits = 1.23456;
  token.probability = 0.425;
  token.guesses = {{"<3", 0.5}};
  token.looks = {{{-1, 0.754}, {0, 0.2}}};
  data.texts.push_back({});
  data.texts.front().tokens.push_back(token);
  const std::string page = report_page(data);
  CHECK(page.find("\\u003c/script>") != std::string::npos);
  const nlohmann::json json = nlohmann::json::parse(data_part(page)).at("texts")[0].at("tokens")[0];
  CHECK(json.at("t") == "</script>");
  CHECK(json.at("b") == 1.235);
  CHECK(json.at("p") == 0.425);
  CHECK(json.at("g") == nlohmann::json::parse(R"(["<3", 0.5])"));
  CHECK(json.at("a") == nlohmann::json::parse("[[-1, 75, 0, 20]]"));
}

TEST_CASE("property: the program carries the page as it was written") {
  REQUIRE(embedded_report().size() == 1);
  CHECK(embedded_report().front().text == get(LIMPID_SOURCE_DIR "/data/report/report.html"));
}

TEST_CASE("property: the page is small, loads nothing, and is the same when written again") {
  const ScratchDirectory scratch;
  const std::filesystem::path run = tiny_run(scratch / "run", {});
  const std::filesystem::path path = write_report(run);
  const std::string page = get(path);
  CHECK(path == run / "report.html");
  CHECK(page.size() < 2'000'000);
  for (const char* load :
       {"src=", "href=", "url(", "@import", "fetch(", "XMLHttpRequest", "import("}) {
    CHECK_MESSAGE(page.find(load) == std::string::npos, load);
  }
  const nlohmann::json json = nlohmann::json::parse(data_part(page));
  CHECK(json.at("texts").size() == 5);
  CHECK(json.at("metrics").size() == 3);
  write_report(run);
  CHECK(get(path) == page);
}

TEST_CASE("property: a page of the largest texts with many heads stays below 2 MB") {
  const ScratchDirectory scratch;
  put(scratch / "text.txt", nasty_text());
  const std::filesystem::path path = write_report(
      tiny_run(scratch / "run", {(scratch / "text.txt").string()},
               {"heads=8", "kv_heads=8", "width=16", "layers=12", "steps=1", "context=64"}));
  CHECK(std::filesystem::file_size(path) < 2'000'000);
}

TEST_CASE("edges: characters that could break the page survive it") {
  const ScratchDirectory scratch;
  put(scratch / "text.txt", nasty_text());
  const std::string page =
      get(write_report(tiny_run(scratch / "run", {(scratch / "text.txt").string()})));
  const std::string_view data = data_part(page);
  CHECK(data.find('<') == std::string_view::npos);
  const nlohmann::json json = nlohmann::json::parse(data);
  std::string held_back;
  for (const nlohmann::json& token : json.at("texts").back().at("tokens")) {
    held_back += token.at("t").get<std::string>();
  }
  // The held-back text begins somewhere in a line and holds whole lines after it.
  CHECK(held_back.find("\n</script><!-- <script> \"quoted\" 'too' \\ \t & ") != std::string::npos);
}

TEST_CASE("edges: invalid UTF-8 in a token or a sample becomes U+FFFD") {
  ReportData data;
  data.options = preset("demo");
  data.result = "broken \xFF bytes";
  CHECK(nlohmann::json::parse(data_part(report_page(data))).at("result") ==
        "broken \xEF\xBF\xBD bytes");
}

TEST_CASE("misuse: no run, no page, and nothing half-written") {
  const ScratchDirectory scratch;
  CHECK(failure(scratch.path(), [&] {
          write_report(scratch.path());
        }).starts_with("state.safetensors: "));
  CHECK(scratch.entries() == 0);
}
