#include "limpid/train/metrics.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/scratch_directory.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a report has no gradient
// NO fixture: the file is this project's own
// NO accumulation: nothing accumulates

namespace {

Metrics line(Index step) {
  Metrics m;
  m.step = step;
  m.train_loss = 1.5;
  m.val_loss = 2.25 + static_cast<double>(step);
  m.bits_per_byte = 0.1;
  m.tokens_per_second = 1000;
  m.gflops = 2.5;
  m.seconds = 8;
  m.learning_rate = 1e-3;
  m.tokens = 64 * step;
  m.sample = "a \"fox\"\nran";
  return m;
}

std::vector<Index> steps(const std::filesystem::path& path) {
  std::vector<Index> all;
  for (const Metrics& m : read_metrics(path)) all.push_back(m.step);
  return all;
}

}  // namespace

TEST_CASE("by hand: a line of JSON") {
  CHECK(to_json_line(line(2)) ==
        "{\"step\":2,\"train_loss\":1.5,\"val_loss\":4.25,\"bits_per_byte\":0.1,"
        "\"tokens_per_second\":1000.0,\"gflops\":2.5,\"learning_rate\":0.001,\"tokens\":128,"
        "\"seconds\":8.0,\"sample\":\"a \\\"fox\\\"\\nran\"}\n");
  // Before the first step nothing was trained.
  CHECK(to_json_line(line(0)).find("\"train_loss\":null") != std::string::npos);
}

TEST_CASE("property: what was appended is read back, number for number") {
  const ScratchDirectory directory;
  for (const Index step : {0, 10, 20}) append_metrics(directory / "m", line(step));
  const std::vector<Metrics> all = read_metrics(directory / "m");
  REQUIRE(all.size() == 3);
  CHECK(all[0].train_loss == 0);
  CHECK(all[2].val_loss == 22.25);
  CHECK(all[2].bits_per_byte == 0.1);
  CHECK(all[2].tokens == 1280);
  CHECK(all[2].sample == line(20).sample);
  CHECK(to_json_line(all[1]) == to_json_line(line(10)));
}

TEST_CASE("property: cutting keeps the lines up to a step") {
  const ScratchDirectory directory;
  for (const Index step : {0, 10, 20, 30}) append_metrics(directory / "m", line(step));
  cut_metrics(directory / "m", 25);
  CHECK(steps(directory / "m") == std::vector<Index>{0, 10, 20});
  cut_metrics(directory / "m", 10);
  CHECK(steps(directory / "m") == std::vector<Index>{0, 10});
  append_metrics(directory / "m", line(20));
  CHECK(steps(directory / "m") == std::vector<Index>{0, 10, 20});
}

TEST_CASE("edges: a line that a kill cut short is dropped, a missing file stays missing") {
  const ScratchDirectory directory;
  cut_metrics(directory / "none", 5);
  CHECK(directory.entries() == 0);
  append_metrics(directory / "m", line(0));
  append_metrics(directory / "m", line(10));
  const std::string whole = get(directory / "m");
  for (std::size_t length = to_json_line(line(0)).size(); length < whole.size(); length += 7) {
    put(directory / "m", whole.substr(0, length));
    CHECK(steps(directory / "m") == std::vector<Index>{0});
    cut_metrics(directory / "m", 100);
    CHECK(steps(directory / "m") == std::vector<Index>{0});
  }
  put(directory / "m", "");
  cut_metrics(directory / "m", 100);
  CHECK(read_metrics(directory / "m").empty());
}

TEST_CASE("edges: lines that cannot be read are left out and told, the others stay") {
  const ScratchDirectory directory;
  const std::string first = to_json_line(line(0)), second = to_json_line(line(10));
  const std::string zeros(100, '\0');
  const auto left_out = [&](const std::string& text) {
    put(directory / "m", text);
    return cut_metrics(directory / "m", 10);
  };
  using Lines = std::vector<Index>;
  CHECK(left_out(first + second) == Lines{});
  CHECK(left_out(first + second + zeros + "\n") == Lines{3});
  CHECK(get(directory / "m") == first + second);
  CHECK(left_out(first + second + "{\"step\": 1}\n" + zeros + "\n\n") == Lines{3, 4, 5});
  CHECK(get(directory / "m") == first + second);
  CHECK(left_out("x" + first + "{\"step\" 5}\n[]\n" + second) == Lines{1, 2, 3});
  CHECK(get(directory / "m") == second);
  // Cut short, and cut short of its line end only.
  CHECK(left_out(first + second.substr(0, 20)) == Lines{2});
  CHECK(get(directory / "m") == first);
  CHECK(left_out(first + second.substr(0, second.size() - 1)) == Lines{});
  CHECK(get(directory / "m") == first + second);
}

TEST_CASE("misuse: lines that are not what they should be, places that cannot be written") {
  const ScratchDirectory directory;
  put(directory / "m", to_json_line(line(0)) + "{\"step\": 1}\n");
  CHECK(
      failure(directory.path(), [&] { read_metrics(directory / "m"); }).starts_with("m: line 2: "));
  put(directory / "m", "not JSON\n");
  CHECK(
      failure(directory.path(), [&] { read_metrics(directory / "m"); }).starts_with("m: line 1: "));
  // The text of a damaged line may be long; what is said of it is not.
  for (const char digit : {'"', '9'}) {
    put(directory / "m", "{\"step\": " + std::string(5000, digit) + "}\n");
    CHECK(failure(directory.path(), [&] { read_metrics(directory / "m"); }).size() < 100);
  }
  CHECK(read_metrics(directory / "none").empty());
  std::string fraction = to_json_line(line(3));
  fraction.replace(fraction.find("\"step\":3"), 8, "\"step\":1e30");
  put(directory / "m", fraction);
  CHECK(failure(directory.path(), [&] { read_metrics(directory / "m"); }) ==
        "m: line 1: step is 1e+30, expected a whole number");
  CHECK(failure(directory.path(), [&] { append_metrics(directory / "no" / "m", line(0)); }) ==
        "no/m: cannot be written");
  CHECK(failure("", [] { append_metrics("/dev/full", line(0)); }) ==
        "/dev/full: cannot be written");
}
