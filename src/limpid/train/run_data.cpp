#include "limpid/train/run_data.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/formats/text_file.hpp"
#include "limpid/formats/tokenizer_json.hpp"
#include "limpid/tales/world.hpp"
#include "limpid/tales/writer.hpp"
#include "limpid/tokenizer/batch_encoder.hpp"
#include "limpid/tokenizer/factory.hpp"
#include "limpid/tokenizer/hash.hpp"
#include "limpid/tokenizer/utf8.hpp"
#include "limpid/tokenizer/utf8_stream.hpp"
#include "limpid/train/trainer.hpp"

namespace limpid {
namespace {

constexpr Index kValidationStories = 500;
constexpr std::size_t kTokenizerBytes = 4'000'000;  // of text that a tokenizer learns from

// Bits per byte, the floor and what is written all take tokens for the text they stand for.
void expect_kept_text(bool keeps_text, std::string_view kind) {
  if (keeps_text) return;
  fail("options", fmt::format("the {} tokenizer forgets white space and capitals, so a model could "
                              "not write text; expected word, char, byte, bpe or unigram",
                              kind));
}

std::shared_ptr<const Tokenizer> tokenizer_for(const RunOptions& options, std::string_view text) {
  // Before it is learned: that takes time.
  expect_kept_text(!options.tokenizer.starts_with("wordpiece:"), "wordpiece");
  if (is_tokenizer_spec(options.tokenizer)) return make_tokenizer(options.tokenizer, text);
  if (!std::filesystem::exists(options.tokenizer)) {
    fail("options", fmt::format("tokenizer is '{}', expected word, char, byte, bpe:SIZE, "
                                "unigram:SIZE, or a tokenizer.json that is there",
                                options.tokenizer));
  }
  return read_tokenizer(options.tokenizer);
}

std::vector<tales::Story> write_tales(tales::Split split, Rng rng, Index count) {
  std::vector<tales::Story> stories;
  for (Index i = 0; i < count; ++i) {
    stories.push_back(tales::write(tales::World::embedded(), split, rng));
  }
  return stories;
}

std::string read_texts(const std::vector<std::string>& files) {
  std::string text;
  for (const std::string& file : files) {
    // The run's state, which is JSON, keeps the name.
    if (find_invalid_utf8(file)) {
      throw std::runtime_error(fmt::format("{}: the file's name is not UTF-8, expected one that is",
                                           to_valid_utf8(file)));
    }
    text += read_utf8_file(file);
  }
  if (text.empty()) {
    throw std::runtime_error(
        fmt::format("{}: the text is empty, expected UTF-8 text", fmt::join(files, ", ")));
  }
  return text;
}

// The start of the last tenth, moved back to the beginning of a character.
std::size_t nine_tenths(std::string_view text) {
  std::size_t cut = text.size() / 10 * 9 + text.size() % 10 * 9 / 10;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return cut;
}

}  // namespace

std::vector<tales::Story> validation_tales(tales::Split split, Index count) {
  return write_tales(split, Rng(20260, static_cast<std::uint64_t>(split)), count);
}

std::vector<std::string> run_tales(const RunOptions& options) {
  std::vector<std::string> texts;
  const Index needed = options.steps * options.accumulate * options.batch;
  for (tales::Story& story :
       write_tales(tales::Split::train, stream(options.seed, Stream::tales), needed)) {
    texts.push_back(std::move(story.text));
  }
  return texts;
}

RunTexts run_texts(const RunOptions& options, const std::vector<std::string>& files) {
  RunTexts texts;
  if (files.empty()) {
    texts.training = run_tales(options);
    Index bytes = 0;
    double bits = 0;
    for (tales::Story& story : validation_tales(tales::Split::valid, kValidationStories)) {
      bits += story.bits;
      bytes += static_cast<Index>(story.text.size());
      texts.validation.push_back(std::move(story.text));
    }
    texts.floor = bits / static_cast<double>(bytes);
  } else {
    std::string text = read_texts(files);
    const std::size_t cut = nine_tenths(text);
    texts.validation.push_back(text.substr(cut));
    text.resize(cut);
    texts.training.push_back(std::move(text));
  }
  for (const auto* part : {&texts.training, &texts.validation}) {
    for (const std::string& text : *part) {
      texts.fingerprint = hash_bytes(text, texts.fingerprint);
    }
  }
  return texts;
}

std::pair<RunData, Batches> make_run_data(RunOptions& options,
                                          const std::vector<std::string>& files,
                                          std::shared_ptr<const Tokenizer> tokenizer) {
  RunData data;
  data.files = files;
  BatchOptions batch_options;
  batch_options.batch = options.batch;
  batch_options.time = options.model.context;
  batch_options.seed = stream(options.seed, Stream::data).bits();
  batch_options.group = 8;

  const auto [training, validation, floor, fingerprint] = run_texts(options, files);
  data.floor = floor;
  data.fingerprint = fingerprint;
  data.sample = training.front().substr(0, 2000);

  if (tokenizer == nullptr) {
    std::string text;
    for (const std::string& one : training) {
      if (data.is_tales() && text.size() > kTokenizerBytes) break;
      text += one;
      if (data.is_tales()) text += '\n';
    }
    // A character that stands only in the held-back part still needs its token.
    if (!data.is_tales()) text += validation.front();
    tokenizer = tokenizer_for(options, text);
  }
  expect_kept_text(tokenizer->keeps_text(), tokenizer->kind());
  if ((options.rows != "windows" || data.is_tales()) && !tokenizer->end_of_text()) {
    fail("options",
         fmt::format("{} needs a tokenizer with an end-of-text token; the {} tokenizer has none",
                     data.is_tales() ? "a run on tales" : "rows=" + options.rows,
                     tokenizer->kind()));
  }
  data.tokenizer = tokenizer;
  options.model.vocab = tokenizer->vocab_size();

  BatchEncoder encoder(*tokenizer);
  const auto encode = [&](const std::vector<std::string>& texts) {
    return encoder.encode(std::vector<std::string_view>(texts.begin(), texts.end()),
                          Specials::recognised);
  };
  std::vector<Batches::Ids> train_ids = encode(training), valid_ids = encode(validation);
  if (!data.is_tales()) {
    // One window and the token after it; something to predict in the held-back part.
    const auto least =
        static_cast<std::size_t>(options.rows == "windows" ? options.model.context + 1 : 2);
    if (train_ids[0].size() < least || valid_ids[0].size() < 2) {
      throw std::runtime_error(fmt::format(
          "{}: the text is too short: {} tokens to train on and {} held back, expected at least {} "
          "and 2",
          fmt::join(files, ", "), train_ids[0].size(), valid_ids[0].size(), least));
    }
  }

  if (options.rows == "windows") {
    // One long text; stories are parted by their end.
    const auto join = [&](const std::vector<Batches::Ids>& texts) {
      Batches::Ids all;
      for (const Batches::Ids& ids : texts) {
        all.insert(all.end(), ids.begin(), ids.end());
        if (texts.size() > 1) all.push_back(tokenizer->end_of_text().value());
      }
      return all;
    };
    data.validation = evaluation_windows(join(valid_ids), options.model.context);
    const Batches::Ids all = join(train_ids);
    const std::optional<TokenId> end = tokenizer->end_of_text();
    data.learns_end = end && std::find(all.begin(), all.end(), *end) != all.end();
    return {std::move(data), Batches::windows(all, batch_options)};
  }
  const std::int32_t end = *tokenizer->end_of_text();
  if (!data.is_tales()) {
    // A file's documents are parted by the end-of-text token in it.
    const auto split = [&](std::vector<Batches::Ids>& texts) {
      std::vector<Batches::Ids> documents(1);
      for (const Batches::Ids& ids : texts) {
        for (const std::int32_t id : ids) {
          if (id == end) {
            documents.emplace_back();
          } else {
            documents.back().push_back(id);
          }
        }
      }
      std::erase_if(documents, [](const Batches::Ids& document) { return document.empty(); });
      texts = std::move(documents);
    };
    split(train_ids);
    split(valid_ids);
  }
  data.validation = evaluation_documents(valid_ids, end, options.model.context);
  return {std::move(data), options.rows == "packed"
                               ? Batches::packed(train_ids, end, batch_options)
                               : Batches::documents(train_ids, end, batch_options)};
}

}  // namespace limpid
