#include "limpid/cli/watch.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>

#include "limpid/cli/terminal.hpp"
#include "limpid/core/grouped.hpp"
#include "limpid/core/parallel.hpp"
#include "limpid/core/vector.hpp"
#include "limpid/train/report.hpp"
#include "limpid/train/time_budget.hpp"

namespace limpid::cli {
namespace {

std::atomic<bool> stop_requested{false};

extern "C" void on_interrupt(int) {
  stop_requested = true;
}

const char* simd_name() {
  switch (kVectorBytes) {
    case 64:
      return "AVX-512";
    case 32:
      return "AVX";
    default:
      return "128-bit vectors";
  }
}

// Some steps against the clock, on a model of its own, so that the run has the same bits. Only where they are
// quick and take little memory, and never a reason to end the run: it says itself what is wrong with it.
std::optional<Speed> quick_speed(const Trainer& trainer) {
  constexpr double kQuick = 2e10;  // operations of a step
  constexpr double kSeconds = 0.25;
  const RunOptions& o = trainer.options;
  const double tokens = static_cast<double>(o.batch * o.accumulate * o.model.context);
  if (tokens * o.model.training_flops_per_token(o.model.context) > kQuick) return std::nullopt;
  try {
    return measure_speed(o, trainer.batches, kSeconds);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

class Watcher : public RunObserver {
 public:
  explicit Watcher(const RunRequest& request)
      : request_(request), colour_(use_colour(stderr)), line_(stderr) {}

  void started(const Trainer& trainer, const RunData& data, Index first_step) override {
    const RunOptions& o = trainer.options;
    const double parameters = static_cast<double>(o.model.parameter_count());
    floor_ = data.floor;
    steps_ = o.steps;
    line_.print(fmt::format(
        "{}  {} family: {} layers, {} heads, width {}, context {}, vocabulary {}\n"
        "       {} parameters; weights, gradients and moments {}\n"
        "text   {}; {} tokenizer; {} rows\n"
        "plan   {} steps of {} rows; {:.1f} MFLOP per token; {} threads, {}",
        bold("model", colour_), family_name(o.model.family), o.model.layers, o.model.heads,
        o.model.width, o.model.context, o.model.vocab, grouped(parameters),
        bytes_text(parameters * 16), data.is_tales() ? "tales, written for this run" : "your files",
        data.tokenizer->kind(), o.rows, grouped(static_cast<double>(o.steps)),
        o.batch * o.accumulate, o.model.training_flops_per_token(o.model.context) * 1e-6, threads(),
        simd_name()));
    if (first_step > 0) line_.print(fmt::format("resumed at step {}", first_step));
    if (trainer.finished()) return;
    if (const auto speed = quick_speed(trainer)) say_expected(steps_ - first_step, *speed);
  }

  void warned(const std::string& what) override { line_.print("warning: " + what); }

  void stepped(const StepReport& step, double seconds) override {
    if (!expected_said_) {
      say_expected(steps_ - step.step, {seconds, static_cast<double>(step.tokens)});
    }
    // Smooth what changes from step to step.
    const double keep = smooth_seconds_ == 0 ? 0 : 0.95;
    smooth_loss_ = keep * smooth_loss_ + (1 - keep) * step.loss;
    smooth_seconds_ = keep * smooth_seconds_ + (1 - keep) * seconds;
    smooth_tokens_ = keep * smooth_tokens_ + (1 - keep) * static_cast<double>(step.tokens);
    smooth_flops_ = keep * smooth_flops_ + (1 - keep) * step.flops;
    const double left = static_cast<double>(steps_ - step.step) * smooth_seconds_;
    line_.draw(static_cast<double>(step.step), static_cast<double>(steps_),
               fmt::format("loss {:.3f}  {} tok/s  {:.0f} GFLOP/s  {} left", smooth_loss_,
                           grouped(smooth_tokens_ / smooth_seconds_),
                           smooth_flops_ / smooth_seconds_ * 1e-9, duration(left)));
  }

  void evaluated(const Metrics& m) override {
    std::string text = fmt::format("step {:>5}  val loss {:.3f}  {:.3f} bits/byte", m.step,
                                   m.val_loss, m.bits_per_byte);
    if (floor_) text += fmt::format("  (floor {:.3f})", *floor_);
    if (m.step > 0) {
      text += fmt::format("  {} tok/s  {:.0f} GFLOP/s", grouped(m.tokens_per_second), m.gflops);
    }
    line_.print(text);
    line_.print(dim(wrapped(m.sample, 78, "  "), colour_));
    // Overfitting: the model learns its training text by heart and loses the others.
    if (m.step > 0 && last_.step > 0 && m.val_loss > last_.val_loss + 0.01 &&
        m.train_loss < last_.train_loss) {
      line_.print(
          "warning: validation loss rises while training loss falls: the model begins to learn "
          "its text by heart");
    }
    last_ = m;
  }

 private:
  // Before the first step, or after it where a step is long.
  void say_expected(Index steps, const Speed& speed) {
    expected_said_ = true;
    line_.print(fmt::format("time   expected about {} ({} tok/s)",
                            duration(expected_seconds(steps, speed)),
                            grouped(speed.tokens_per_step / speed.seconds_per_step)));
  }

  const RunRequest& request_;
  bool colour_;
  ProgressLine line_;
  std::optional<double> floor_;
  Index steps_ = 0;
  bool expected_said_ = false;
  double smooth_loss_ = 0, smooth_seconds_ = 0, smooth_tokens_ = 0, smooth_flops_ = 0;
  Metrics last_;
};

}  // namespace

void watch_training(const RunRequest& request) {
  stop_requested = false;
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  RunResult result;
  {
    Watcher watcher(request);
    result = run_training(request, watcher, stop_requested);
  }
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  if (!result.finished) {
    throw std::runtime_error(
        fmt::format("stopped at step {} and saved; to go on: limpid train --out {} --resume",
                    result.steps, request.directory.string()));
  }
  fmt::print(stderr, "writing {}\n", (request.directory / "report.html").string());
  write_report(request.directory);
}

}  // namespace limpid::cli
