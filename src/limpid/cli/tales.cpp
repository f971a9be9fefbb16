// ./limpid tales: write stories, check them, measure them.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>

#include "limpid/cli/commands.hpp"
#include "limpid/formats/atomic_file.hpp"
#include "limpid/formats/text_file.hpp"
#include "limpid/tales/checker.hpp"
#include "limpid/tales/corpus.hpp"
#include "limpid/tales/measure.hpp"

namespace limpid::cli {
namespace {

using tales::Split;
using tales::World;

const std::map<std::string, Split> kSplits{
    {"train", Split::train}, {"valid", Split::valid}, {"novel", Split::novel}};

struct TalesOptions {
  std::uint64_t seed = 1;
  std::size_t bytes = 1000000;
  std::string split = "train";
  std::string world, out, file;
  bool json = false;
};

// The *.txt files of a directory, in the order of their names.
World load_world(const std::string& directory) {
  if (directory.empty()) return World::embedded();
  if (!std::filesystem::is_directory(directory)) {
    throw std::runtime_error(fmt::format("{}: expected a directory with *.txt files", directory));
  }
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  }
  if (paths.empty()) {
    throw std::runtime_error(fmt::format("{}: expected *.txt files, got none", directory));
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> texts;
  for (const auto& path : paths) texts.push_back(read_text_file(path));
  std::vector<EmbeddedFile> files;
  for (std::size_t i = 0; i < paths.size(); ++i) files.push_back({paths[i].native(), texts[i]});
  return World::parse(files);
}

void run_write(const TalesOptions& options) {
  const World world = load_world(options.world);
  const std::string corpus =
      tales::write_corpus(world, kSplits.at(options.split), options.seed, options.bytes);
  if (!options.out.empty()) {
    write_file_atomically(options.out, corpus);
  } else if (std::fwrite(corpus.data(), 1, corpus.size(), stdout) != corpus.size()) {
    throw std::runtime_error("tales write: the output could not be written");
  }
}

void run_check(const TalesOptions& options) {
  const World world = load_world(options.world);
  const std::string corpus = read_utf8_file(options.file);
  std::size_t stories = 0, consistent = 0, sentences = 0, accepted = 0;
  nlohmann::json breaks = nlohmann::json::array();
  for (const tales::Entry& entry : tales::entries(corpus)) {
    const tales::Verdict verdict = tales::check(world, entry.text, entry.ended);
    ++stories;
    consistent += verdict.consistent;
    sentences += verdict.sentences;
    accepted += verdict.accepted;
    if (!verdict.consistent) breaks.push_back({{"story", stories}, {"reasons", verdict.reasons}});
  }
  if (stories == 0) {
    throw std::runtime_error(
        fmt::format("{}: expected stories, each followed by {}", options.file, tales::kEndOfStory));
  }
  if (options.json) {
    const nlohmann::json result{{"stories", stories},
                                {"consistent", consistent},
                                {"sentences", sentences},
                                {"accepted", accepted},
                                {"breaks", breaks}};
    print_json(result);
    return;
  }
  for (const auto& broken : breaks) {
    for (const auto& reason : broken["reasons"]) {
      fmt::print("story {}: {}\n", broken["story"].get<std::size_t>(),
                 reason.get_ref<const std::string&>());
    }
  }
  const auto percent = [](std::size_t part, std::size_t all) {
    return all == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
  };
  fmt::print("sentences accepted    {:6.2f}%  {} of {}\n", percent(accepted, sentences), accepted,
             sentences);
  fmt::print("stories consistent    {:6.2f}%  {} of {}\n", percent(consistent, stories), consistent,
             stories);
}

void run_measure(const TalesOptions& options) {
  const World world = load_world(options.world);
  const Split split = kSplits.at(options.split);
  Rng rng = tales::stream(options.seed, split);
  const tales::Measures m = tales::measure(world, split, rng, options.bytes);
  const double bytes_per_story = static_cast<double>(m.bytes) / static_cast<double>(m.stories);
  if (options.json) {
    const auto range = [](const tales::Range& r) {
      return nlohmann::json{{"least", r.least}, {"mean", r.mean}, {"most", r.most}};
    };
    const nlohmann::json result{{"bytes", m.bytes},
                                {"stories", m.stories},
                                {"word_types", m.word_types},
                                {"word_types_20", m.word_types_20},
                                {"sentences", m.sentences},
                                {"skeletons", m.skeletons},
                                {"largest_skeleton", m.largest_skeleton},
                                {"largest_skeleton_text", m.largest_skeleton_text},
                                {"words_per_story", range(m.words_per_story)},
                                {"sentences_per_story", range(m.sentences_per_story)},
                                {"recalls_per_story", range(m.recalls_per_story)},
                                {"bits_per_byte", m.bits_per_byte}};
    print_json(result);
    return;
  }
  const auto range = [](const char* name, const tales::Range& r) {
    fmt::print("{:<22}{:.1f}  ({} to {})\n", name, r.mean, r.least, r.most);
  };
  fmt::print("{:<22}{}  ({:.0f} bytes each)\n", "stories", m.stories, bytes_per_story);
  range("words per story", m.words_per_story);
  range("sentences per story", m.sentences_per_story);
  range("recall points", m.recalls_per_story);
  fmt::print("{:<22}{}  ({} of them 20 times or more)\n", "word types", m.word_types,
             m.word_types_20);
  fmt::print("{:<22}{}\n", "sentence skeletons", m.skeletons);
  fmt::print("{:<22}{:.2f}%  {}\n", "largest skeleton", 100 * m.largest_skeleton,
             m.largest_skeleton_text);
  fmt::print("{:<22}{:.4f} bits per byte  ({:.1f} bits a story)\n", "floor", m.bits_per_byte,
             m.bits_per_byte * bytes_per_story);
}

}  // namespace

void add_tales(CLI::App& app) {
  const auto options = std::make_shared<TalesOptions>();
  CLI::App* tales =
      add_command(app, "tales", "Stories from a known world, and what is true of them",
                  "limpid tales write --seed 1 --bytes 2000");
  tales->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, const char* example, auto run) {
    CLI::App* command = add_command(*tales, name, about, example);
    command->add_option("--world", options->world, "a directory with a world's *.txt files");
    command->callback([options, run] { run(*options); });
    return command;
  };
  const auto add_source = [&](CLI::App* command) {
    command->add_option("--seed", options->seed, "which stories")->capture_default_str();
    command->add_option("--bytes", options->bytes, "how much text, at least")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 40))
        ->capture_default_str();
    command->add_option("--split", options->split, "train, valid or novel")
        ->check(CLI::IsMember(kSplits))
        ->capture_default_str();
  };
  CLI::App* write = add("write", "Write stories",
                        "./limpid tales write --seed 7 --bytes 1000000 --out tales.txt", run_write);
  add_source(write);
  write->add_option("--out", options->out, "the file to write; without it, the terminal");

  CLI::App* check = add("check", "Find what does not hold together in stories",
                        "./limpid tales check tales.txt --json", run_check);
  check->add_option("file", options->file, "stories, each followed by <|endoftext|>")->required();
  check->add_flag("--json", options->json, "for programs");

  CLI::App* measure = add("measure", "Measure words, sentences and the floor of the loss",
                          "./limpid tales measure --bytes 1000000", run_measure);
  add_source(measure);
  measure->add_flag("--json", options->json, "for programs");
}

}  // namespace limpid::cli
