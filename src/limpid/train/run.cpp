#include "limpid/train/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <stdexcept>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/core/grouped.hpp"
#include "limpid/formats/atomic_file.hpp"
#include "limpid/formats/config_json.hpp"
#include "limpid/formats/directory_lock.hpp"
#include "limpid/formats/huggingface.hpp"
#include "limpid/formats/tokenizer_json.hpp"
#include "limpid/generate/generator.hpp"
#include "limpid/tokenizer/utf8_stream.hpp"
#include "limpid/train/checkpoint.hpp"
#include "limpid/train/evaluate.hpp"
#include "limpid/train/model_card.hpp"
#include "limpid/train/time_budget.hpp"

namespace limpid {
namespace {

namespace fs = std::filesystem;

constexpr Index kSampleTokens = 60;

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// What the directory holds of an earlier run, if it may be continued.
std::optional<RunRecord> earlier_run(const RunRequest& request) {
  const fs::path state = request.directory / kStateFile;
  if (fs::exists(state)) {
    if (!request.resume) {
      throw std::runtime_error(
          fmt::format("{} holds a run: continue it with --resume, or choose another directory",
                      request.directory.string()));
    }
    return read_record(state);
  }
  if (fs::exists(request.directory / "model.safetensors")) {
    throw std::runtime_error(fmt::format(
        "{} holds a model without the state of its run: choose another directory (and --init {} to "
        "train it further)",
        request.directory.string(), request.directory.string()));
  }
  return std::nullopt;
}

// A run that goes on, and a model that is trained further, stay as they are: what somebody asks for beside
// must be what they have.
void require_agreement(const fs::path& where, const RunOptions& options,
                       const std::vector<std::string>& settings) {
  RunOptions wanted = options;
  for (const std::string& setting : settings) wanted.set(setting);
  const auto have = options.entries(), want = wanted.entries();
  for (std::size_t i = 0; i < have.size(); ++i) {
    const auto& [key, value] = have[i];
    if (value == want[i].second) continue;
    throw std::runtime_error(fmt::format("{}: {} is {}, and stays so: expected no {}={}",
                                         where.string(), key, value, key, want[i].second));
  }
}

// The same for what the run began with. Who says nothing goes on with what there is.
void require_origin(const fs::path& where, const RunRecord& earlier, const RunRequest& request) {
  const auto refuse = [&](std::string_view what, const std::string& has, const std::string& asked) {
    throw std::runtime_error(fmt::format("{}: this run was begun with {}, expected no {} {}",
                                         where.string(), has, what, asked));
  };
  if (request.preset_given && request.options.preset != earlier.options.preset) {
    refuse("--preset", "--preset " + earlier.options.preset, request.options.preset);
  }
  if (!earlier.origin) return;
  const auto [init, minutes] = *earlier.origin;
  const auto plain = [](const fs::path& path) { return (path / "").lexically_normal(); };
  if (request.init && (init.empty() || plain(*request.init) != plain(init))) {
    refuse("--init", init.empty() ? "no --init" : "--init " + init, request.init->string());
  }
  if (request.minutes && *request.minutes != minutes) {
    refuse("--minutes", minutes == 0 ? "no --minutes" : fmt::format("--minutes {}", minutes),
           fmt::format("{}", *request.minutes));
  }
}

// A preset's warm-up is cut short when somebody asks for fewer steps; one that somebody asks for is meant.
void require_room_for_warmup(const RunRequest& request) {
  const LearningRate& rate = request.options.learning_rate;
  const bool asked = std::any_of(request.settings.begin(), request.settings.end(),
                                 [](const std::string& s) { return s.starts_with("warmup="); });
  if (!asked || rate.warmup < request.options.steps) return;
  fail("options", fmt::format("warmup is {}, expected less than steps, {}", rate.warmup,
                              request.options.steps));
}

// What a model with these options needs before its first step, in a line.
std::string memory_needed(const RunOptions& options, double bytes) {
  return fmt::format("a model of {} parameters needs {} MB for weights, gradients and moments",
                     grouped(static_cast<double>(options.model.parameter_count())),
                     grouped(bytes / 1e6));
}

// Each is a float. Muon keeps one moment, AdamW two.
double memory_bytes(const RunOptions& options) {
  const double numbers = options.optimizer == "muon" ? 3 : 4;
  return 4 * numbers * static_cast<double>(options.model.parameter_count());
}

// Memory that a system promises is not always there, and who then writes to it is killed without a word.
void require_memory(const RunOptions& options) {
  const double bytes = memory_bytes(options);
  const double machine =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (machine <= 0 || bytes <= machine) return;
  throw std::runtime_error(fmt::format("{}, expected at most {} MB, the memory of this machine",
                                       memory_needed(options, bytes), grouped(machine / 1e6)));
}

// A directory that was made for a run that could not begin.
void remove_if_empty(const fs::path& directory) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().filename() != ".lock") return;
  }
  fs::remove(directory / ".lock", error);
  fs::remove(directory, error);
}

void require_same(const fs::path& directory, const char* what, std::uint64_t saved,
                  std::uint64_t now) {
  if (saved == now) return;
  throw std::runtime_error(fmt::format("{}: the {} is not the one that this run began with",
                                       (directory / kStateFile).string(), what));
}

// Whether one of the settings names a part of the model's size.
bool says_size(const std::vector<std::string>& settings) {
  return std::any_of(settings.begin(), settings.end(), [](const std::string& setting) {
    const std::string key = setting.substr(0, setting.find('='));
    return key == "layers" || key == "heads" || key == "kv_heads" || key == "width" ||
           key == "hidden";
  });
}

// The options with a size and a number of steps that fit into the minutes, measured on real batches.
RunOptions options_in_time(const RunRequest& request, const RunOptions& options,
                           std::shared_ptr<const Tokenizer> tokenizer) {
  RunOptions trial = options;
  trial.steps = 40;  // tales are written for so many steps: enough to train a tokenizer on
  const Batches batches = make_run_data(trial, request.files, std::move(tokenizer)).second;
  const bool keep_size = request.init || says_size(request.settings);
  RunOptions fitted =
      fit_to_minutes(trial, *request.minutes, keep_size, [&](const RunOptions& some) {
        some.validate();
        return measure_speed(some, batches);
      });
  fitted.tokenizer = options.tokenizer;
  for (const std::string& setting : request.settings) fitted.set(setting);
  return fitted;
}

// The run while it goes: what belongs together at every report.
class Run {
 public:
  Run(const RunRequest& request, RunObserver& observer)
      : directory_(request.directory), observer_(observer) {
    const std::optional<RunRecord> earlier = earlier_run(request);
    record_.options = earlier ? earlier->options : request.options;
    record_.files = earlier ? earlier->files : request.files;
    if (earlier) {
      record_.origin = earlier->origin;
      require_agreement(directory_ / kStateFile, record_.options, request.settings);
      require_origin(directory_ / kStateFile, *earlier, request);
    } else {
      record_.origin = RunOrigin{request.init ? request.init->string() : std::string(),
                                 request.minutes.value_or(0)};
    }
    if (earlier && !request.files.empty() && request.files != earlier->files) {
      throw std::runtime_error(fmt::format("{}: this run was begun with another text",
                                           (directory_ / kStateFile).string()));
    }
    // A resumed or further trained model keeps its own tokenizer.
    std::shared_ptr<const Tokenizer> tokenizer;
    if (earlier) tokenizer = read_tokenizer(directory_ / "tokenizer.json");
    if (!earlier && request.init) {
      tokenizer = read_tokenizer(*request.init / "tokenizer.json");
      const double dropout = record_.options.model.dropout;
      record_.options.model = read_config_json(*request.init / "config.json").config;
      record_.options.model.dropout = dropout;
    }
    if (tokenizer) record_.options.tokenizer = "tokenizer.json of the run";
    if (!earlier && request.init)
      require_agreement(*request.init, record_.options, request.settings);
    if (!earlier && request.minutes) {
      record_.options = options_in_time(request, record_.options, tokenizer);
    }
    auto [data, batches] = make_run_data(record_.options, record_.files, tokenizer);
    if (earlier) record_.options.tokenizer = earlier->options.tokenizer;
    data_ = std::move(data);
    record_.options.validate();
    record_.data_fingerprint = data_.fingerprint;
    record_.tokenizer_fingerprint = data_.tokenizer->fingerprint();
    if (earlier) {
      require_same(directory_, "text", earlier->data_fingerprint, record_.data_fingerprint);
      require_same(directory_, "tokenizer", earlier->tokenizer_fingerprint,
                   record_.tokenizer_fingerprint);
    }

    if (request.init && !earlier) expect_model_weights(*request.init, record_.options.model);
    try {
      trainer_ = std::make_unique<Trainer>(record_.options, std::move(batches));
    } catch (const std::bad_alloc&) {
      throw std::runtime_error(memory_needed(record_.options, memory_bytes(record_.options)) +
                               ": not enough memory");
    }
    if (earlier) {
      restore_state(directory_ / kStateFile, *trainer_);
      const fs::path metrics = directory_ / kMetricsFile;
      if (const auto lines = cut_metrics(metrics, trainer_->steps_done()); !lines.empty()) {
        observer_.warned(fmt::format("{}: line {} cannot be read, and is left out",
                                     metrics.string(), fmt::join(lines, ", ")));
      }
      for (const Metrics& before : read_metrics(directory_ / kMetricsFile)) {
        total_tokens_ = before.tokens;
        total_seconds_ = before.seconds;
      }
      write_model_files();
    } else {
      if (request.init) {
        read_model_weights(*request.init, trainer_->model.config, trainer_->parameters);
      }
      fs::remove(directory_ / kMetricsFile);
    }
    // When resuming too: a disk may have damaged what the tokenizer does not depend on, but others may read.
    write_tokenizer(directory_ / "tokenizer.json", *data_.tokenizer);
    observer_.started(*trainer_, data_, trainer_->steps_done());
    if (!earlier) {
      report();
      save();
    }
  }

  RunResult go(const std::atomic<bool>& stop) {
    const RunOptions& options = record_.options;
    Index saved_at = trainer_->steps_done();
    while (!trainer_->finished() && !stop) {
      const Stopwatch watch;
      const StepReport step = trainer_->step();
      since_report_.add(step, watch.seconds());
      observer_.stepped(step, watch.seconds());
      if (step.step % options.eval_every == 0 || trainer_->finished()) report();
      if (step.step % options.save_every == 0 || trainer_->finished()) {
        save();
        saved_at = step.step;
      }
    }
    if (saved_at != trainer_->steps_done()) save();
    return {trainer_->finished(), trainer_->steps_done()};
  }

 private:
  struct Sums {
    double loss = 0, seconds = 0, flops = 0, rate = 0;
    Index steps = 0, tokens = 0;
    void add(const StepReport& step, double elapsed) {
      loss += step.loss;
      seconds += elapsed;
      flops += step.flops;
      rate = step.learning_rate;
      tokens += step.tokens;
      ++steps;
    }
  };

  void report() {
    Metrics m;
    m.step = trainer_->steps_done();
    total_tokens_ += since_report_.tokens;
    total_seconds_ += since_report_.seconds;
    if (since_report_.steps > 0) {
      m.train_loss = since_report_.loss / static_cast<double>(since_report_.steps);
      m.tokens_per_second = static_cast<double>(since_report_.tokens) / since_report_.seconds;
      m.gflops = since_report_.flops / since_report_.seconds * 1e-9;
      m.learning_rate = since_report_.rate;
    }
    m.tokens = total_tokens_;
    m.seconds = total_seconds_;
    // The last line measures on everything that was held back, the others on a part of it.
    const std::span<const Batch> batches =
        trainer_->finished() ? data_.validation
                             : first_batches(data_.validation, record_.options.eval_tokens);
    const TextLoss loss = evaluate(trainer_->model, *data_.tokenizer, batches);
    trainer_->require_finite(loss.nats_per_token());
    m.val_loss = loss.nats_per_token();
    m.bits_per_byte = loss.bits_per_byte();
    m.sample = sample_text();
    since_report_ = {};
    append_metrics(directory_ / kMetricsFile, m);
    observer_.evaluated(m);
  }

  // The same prompt and the same random numbers at each evaluation: what changes is the model.
  std::string sample_text() {
    const std::string prompt = run_prompt(data_);
    std::vector<std::int32_t> ids;
    const std::optional<std::int32_t> end = data_.tokenizer->end_of_text();
    if (data_.learns_end && end) ids.push_back(*end);
    for (const std::int32_t id : data_.tokenizer->encode(prompt)) ids.push_back(id);
    const Index longest = std::max<Index>(1, record_.options.model.context / 2);
    if (static_cast<Index>(ids.size()) > longest) ids.resize(static_cast<std::size_t>(longest));
    GenerateOptions options;
    options.max_tokens = kSampleTokens;
    options.end = end;
    std::vector<Rng> rng{stream(record_.options.seed, Stream::sampling)};
    std::vector<std::vector<std::int32_t>> prompts{ids};
    std::vector<std::int32_t> drawn = generate(trainer_->model, prompts, options, rng).front();
    if (end && !drawn.empty() && drawn.back() == *end) drawn.pop_back();
    return to_valid_utf8(prompt + data_.tokenizer->decode(drawn));
  }

  void save() {
    // A state replaces the last one only if a loss can still be computed from it.
    trainer_->require_finite(
        evaluate(trainer_->model, *data_.tokenizer, first_batches(data_.validation, 1)).nats);
    record_.step = trainer_->steps_done();
    save_state(directory_ / kStateFile, record_, *trainer_);
    write_model_files();
    observer_.saved(record_.step);
  }

  void write_model_files() {
    std::optional<EndToken> end;
    // A token that the model never saw is no place to begin.
    if (const auto id = data_.tokenizer->end_of_text(); id && data_.learns_end) {
      end = EndToken{*id, std::string(data_.tokenizer->token_bytes(*id))};
    }
    const Config& config = trainer_->model.config;
    write_model(directory_, config, trainer_->parameters, end);
    CardFacts facts{.config = config, .tokenizer = std::string(data_.tokenizer->kind())};
    facts.run = record_;
    facts.run->step = trainer_->steps_done();
    facts.metrics = read_metrics(directory_ / kMetricsFile);
    write_model_card(directory_, facts);
  }

  fs::path directory_;
  RunObserver& observer_;
  RunRecord record_;
  RunData data_;
  std::unique_ptr<Trainer> trainer_;
  Sums since_report_;
  Index total_tokens_ = 0;
  double total_seconds_ = 0;
};

}  // namespace

std::string run_prompt(const RunData& data) {
  // A validation row begins a story, or lies anywhere in a text: take its first few words.
  const Batch& batch = data.validation.front();
  const std::size_t count = std::min<std::size_t>(batch.targets.size(), 40);
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < count; ++i) {
    if (batch.targets[i] != kIgnore && !data.tokenizer->is_special(batch.targets[i])) {
      ids.push_back(batch.targets[i]);
    }
  }
  const std::string text = to_valid_utf8(data.tokenizer->decode(ids));
  if (data.is_tales()) return text.substr(0, text.find_first_of(".!?") + 1);
  return text.substr(0, text.find_first_of(" \n", 12));
}

RunResult run_training(const RunRequest& request, RunObserver& observer,
                       const std::atomic<bool>& stop) {
  // What can be known to be wrong is said before a directory is made.
  RunOptions options = request.options;
  options.model.vocab = std::max<Index>(1, options.model.vocab);
  options.validate();
  if (!fs::exists(request.directory / kStateFile)) {
    if (!request.minutes) require_room_for_warmup(request);
    if (!request.init) require_memory(options);
  }
  std::error_code error;
  const bool made = fs::create_directories(request.directory, error);
  if (error) {
    throw std::runtime_error(fmt::format("{}: cannot be made a directory: {}",
                                         request.directory.string(), error.message()));
  }
  const DirectoryLock lock(request.directory);
  remove_leftovers(request.directory);
  try {
    Run run(request, observer);
    return run.go(stop);
  } catch (...) {
    if (made) remove_if_empty(request.directory);
    throw;
  }
}

}  // namespace limpid
