#include "limpid/train/model_card.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "limpid/core/grouped.hpp"
#include "limpid/formats/atomic_file.hpp"
#include "limpid/formats/text_file.hpp"
#include "limpid/train/report_data.hpp"

namespace limpid {
namespace {

constexpr std::string_view kMark =
    "<!-- Written anew whenever the model is; take this line away, and the page stays yours. -->";

std::string number(Index count) {
  return grouped(static_cast<double>(count));
}

// The name of a file or a directory, without its folders and without what would end a line or a piece of
// code in Markdown.
std::string name_of(const std::string& path) {
  std::filesystem::path place = std::filesystem::path(path).lexically_normal();
  if (!place.has_filename()) place = place.parent_path();  // a slash at the end
  std::string name = place.filename().string();
  std::erase_if(name, [](char c) { return c == '`' || static_cast<unsigned char>(c) < 0x20; });
  return name;
}

std::vector<std::string> names_of(const RunRecord& run) {
  std::vector<std::string> names;
  for (const std::string& file : run.files) names.push_back(name_of(file));
  return names;
}

std::string describe_model(const CardFacts& facts) {
  const Config& c = facts.config;
  const bool llama = c.family == Family::llama;
  std::string text = fmt::format(
      "A language model of the {} family ({}) with {} parameters:\n\n"
      "| layers | heads | width | hidden | context | vocabulary | head | weights |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
      "| {} | {} | {} | {} | {} tokens | {} tokens ({}) | {} | {} |\n",
      family_name(c.family),
      llama ? "rotary positions, RMS norm, SwiGLU, no biases"
            : "learned positions, layer norm, GELU, biases",
      number(c.parameter_count()), c.layers,
      c.kv_heads == c.heads ? fmt::to_string(c.heads)
                            : fmt::format("{}, {} for keys and values", c.heads, c.kv_heads),
      c.width, c.hidden, number(c.context), number(c.vocab), facts.tokenizer,
      c.tied ? "tied to the embedding" : "its own", dtype_name(facts.type));
  if (facts.type != Dtype::f32) {
    text += fmt::format("\nThe weights were rounded to {}{}.\n", dtype_name(facts.type),
                        facts.run ? " after what is measured below" : "");
  }
  return text;
}

std::string describe_data(const RunRecord& run) {
  if (run.files.empty()) {
    // One story for each row of each batch; a run that was stopped has seen the first of them.
    const Index stories = run.step * run.options.accumulate * run.options.batch;
    return fmt::format(
        "Short English stories out of a small grammar, written by the program itself (`./limpid "
        "tales write`,\n"
        "seed {}): about {} of them, none read twice. No person's text is in it.\n",
        run.options.seed, number(stories));
  }
  return fmt::format(
      "The first 90% of `{}`. Where that text is from, and under which terms, only the one who "
      "trained it can\n"
      "say; fill it in here before you pass the model on.\n",
      fmt::join(names_of(run), "`, `"));
}

std::string describe_training(const CardFacts& facts) {
  const RunRecord& run = *facts.run;
  const RunOptions& o = run.options;
  std::string steps = number(run.step) + " steps";
  if (run.step < o.steps) steps += fmt::format(" (stopped; {} were planned)", number(o.steps));
  std::string text = fmt::format("{}, {} rows each, of up to {} tokens", steps,
                                 o.accumulate * o.batch, number(o.model.context));
  text += fmt::format(". Optimizer {}, learning rate {}, dropout {}, seed {}.\n", o.optimizer,
                      o.learning_rate.peak, o.model.dropout, o.seed);
  const std::string init = run.origin ? name_of(run.origin->init) : "";
  return text + "\n```\n" + repeat_command(o, names_of(run), init) + "\n```\n";
}

std::string describe_loss(const CardFacts& facts) {
  if (facts.metrics.empty()) return "Nothing has been measured yet.\n";
  const Metrics& last = facts.metrics.back();
  const bool all = last.step >= facts.run->options.steps;
  return fmt::format(
      "After step {}, on {} that was held back: {:.4f} nats per token, {:.4f} bits per byte.\n",
      number(last.step), all ? "all of the text" : "a part of the text", last.val_loss,
      last.bits_per_byte);
}

}  // namespace

std::string model_card(const CardFacts& facts) {
  const bool tales = facts.run && facts.run->files.empty();
  std::string card = fmt::format(
      "---\npipeline_tag: text-generation\ntags:\n- {}\n- limpid\n---\n\n{}\n\n# A small language "
      "model\n\n{}",
      family_name(facts.config.family), kMark, describe_model(facts));
  if (facts.run) {
    card += "\n## Data\n\n" + describe_data(*facts.run);
    card += "\n## Training\n\n" + describe_training(facts);
    card += "\n## Measured loss\n\n" + describe_loss(facts);
  } else {
    card += "\nIt was not trained here: nothing is known of its data, its training or its loss.\n";
  }
  card += fmt::format(
      "\n## Intended use\n\nLearning how such models work: training, looking inside, moving "
      "between programs.\n"
      "It continues {}.\n"
      "\n## Limits\n\n"
      "- It follows no instructions, answers no questions, and nothing that it writes is to be "
      "believed.\n"
      "- It reads {} tokens at most.\n"
      "- {} measured: no tests of facts, safety or bias.\n",
      tales ? "stories in the manner of its data, and knows no other words"
            : "a text in the manner of what it was trained on",
      number(facts.config.context), facts.run ? "Nothing but the loss was" : "Nothing was");
  return card;
}

void write_model_card(const std::filesystem::path& directory, const CardFacts& facts) {
  const std::filesystem::path path = directory / "README.md";
  if (std::filesystem::exists(path) && read_text_file(path).find(kMark) == std::string::npos)
    return;
  write_file_atomically(path, model_card(facts));
}

}  // namespace limpid
