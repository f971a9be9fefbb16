#include "limpid/train/trainer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "limpid/nn/cross_entropy.hpp"
#include "limpid/train/clip.hpp"

#include "small_trainer.hpp"
#include "support/scratch_directory.hpp"
#include "support/threads.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: the gradients are the model's, checked there
// NO fixture: PyTorch's are in training_test.cpp, whose steps are composed as those by hand below

namespace {

// Documents of many lengths, so that two batches of the same number of rows differ in tokens.
Trainer document_trainer(const RunOptions& options) {
  std::vector<Batches::Ids> documents;
  const std::vector<std::int32_t> ids = small_ids();
  for (std::ptrdiff_t begin = 0, length = 1; begin + length < 480; begin += length) {
    length = length * 5 % 7;
    documents.emplace_back(ids.begin() + begin, ids.begin() + begin + length);
  }
  return Trainer(options, Batches::documents(documents, 9,
                                             {.batch = options.batch,
                                              .time = options.model.context,
                                              .seed = stream(options.seed, Stream::data).bits()}));
}

}  // namespace

TEST_CASE("by hand: a step is forward, backward, clip, update, in this order") {
  RunOptions options = small_options();
  options.clip = 0.5;  // below what the first steps have
  for (const bool rich : {false, true}) {
    CAPTURE(rich);
    if (rich) {
      options.model.dropout = 0.2;
      options.accumulate = 3;
      options.optimizer = "muon";
      options.adamw_rate = 2;
    }
    Trainer trainer = document_trainer(options), other = document_trainer(options);
    for (Index step = 0; step < 4; ++step) {
      std::vector<Batch> parts;
      Index targets = 0, rows = 0;
      for (Index i = 0; i < options.accumulate; ++i) {
        parts.push_back(other.batches.next());
        targets += parts.back().tokens;
        rows += parts.back().batch * parts.back().time;
      }
      double loss = 0, flops = 0;
      zero_gradients(other.parameters);
      for (const Batch& batch : parts) {
        Context context{.batch = batch.batch, .time = batch.time};
        if (rich) context.dropout = &other.dropout;
        Decoder<float>::Cache cache;
        const auto result = cross_entropy(other.model.forward(batch.inputs, context, &cache),
                                          batch.targets, {.divisor = static_cast<double>(targets)});
        other.model.backward(result.dlogits, context, cache);
        loss += result.loss;
        flops += static_cast<double>(batch.batch * batch.time) *
                 options.model.training_flops_per_token(batch.time);
      }
      const GradientNorm norm = clip_gradients(other.parameters, 0.5);
      CHECK(norm.clipped);
      const double rate = options.learning_rate(step);
      other.adamw.step(other.adamw_parameters, rich ? 2 * rate : rate);
      if (rich) other.muon.step(other.muon_parameters, rate);

      const StepReport report = trainer.step();
      CHECK(report.step == step + 1);
      CHECK(report.loss == loss);
      CHECK(report.gradient_norm == norm.norm);
      CHECK(report.learning_rate == rate);
      CHECK(report.tokens == rows);
      CHECK(report.flops == flops);
      CHECK(all_numbers(trainer) == all_numbers(other));
      CHECK(trainer.steps_done() == step + 1);
    }
  }
}

TEST_CASE("property: a fresh model is as unsure as a die, and then learns") {
  Trainer trainer = small_trainer();
  const double first = trainer.step().loss;
  // Fresh logits deviate by 0.55, which costs 0.55^2 / 2 = 0.15.
  CHECK(std::abs(first - std::log(10.0) - 0.15) <= 0.1);
  double last = first;
  while (!trainer.finished()) last = trainer.step().loss;
  CHECK(trainer.steps_done() == 50);
  CHECK(last < 0.7 * first);
}

TEST_CASE("by hand: beside Muon, AdamW's parameters move at adamw_rate times the rate") {
  RunOptions options = small_options();
  options.optimizer = "muon";
  options.adamw.weight_decay = 0;
  Trainer fresh = small_trainer(options), once = small_trainer(options);
  options.adamw_rate = 4;
  Trainer four = small_trainer(options);
  once.step();
  four.step();
  for (std::size_t i = 0; i < fresh.parameters.size(); ++i) {
    const Parameter<float>&start = fresh.parameters[i], &one = once.parameters[i],
          &other = four.parameters[i];
    const bool to_muon = start.shape.size() == 2 && start.name.starts_with("blocks.");
    for (std::size_t j = 0; j < start.value.size(); ++j) {
      const double moved = one.value[j] - start.value[j];
      const double expected = to_muon ? moved : 4 * moved;
      CHECK(std::abs(other.value[j] - start.value[j] - expected) <= 1e-6);
    }
  }
}

TEST_CASE("by hand: both optimizers get the options of the run") {
  RunOptions options = small_options();
  options.optimizer = "muon";
  options.adamw = {.beta1 = 0.8, .beta2 = 0.9, .epsilon = 1e-6, .weight_decay = 0.3};
  const Trainer trainer = small_trainer(options);
  CHECK(trainer.adamw.options.beta1 == 0.8);
  CHECK(trainer.adamw.options.beta2 == 0.9);
  CHECK(trainer.adamw.options.epsilon == 1e-6);
  CHECK(trainer.adamw.options.weight_decay == 0.3);
  CHECK(trainer.muon.options.weight_decay == 0.3);
}

TEST_CASE("property: the mimetic start changes attention's matrices and nothing else") {
  RunOptions options = small_options();
  const Trainer normal = small_trainer(options);
  options.initialization = "mimetic";
  const Trainer mimetic = small_trainer(options);
  for (std::size_t i = 0; i < normal.parameters.size(); ++i) {
    const Parameter<float>&a = normal.parameters[i], &b = mimetic.parameters[i];
    const bool attends = a.name.find("attention") != std::string::npos && a.shape.size() == 2;
    CHECK(std::equal(a.value.begin(), a.value.end(), b.value.begin()) == !attends);
  }
}

TEST_CASE("property: equal seeds give equal bits with any number of threads, another seed others") {
  RunOptions options = small_options();
  options.model.dropout = 0.1;
  const auto train = [&] {
    Trainer trainer = small_trainer(options);
    for (int i = 0; i < 5; ++i) trainer.step();
    return all_numbers(trainer);
  };
  std::vector<float> expected;
  for (const int count : {1, 2, 3, 8}) {
    const ThreadScope scope(count);
    if (expected.empty()) expected = train();
    CHECK(train() == expected);
  }
  options.seed = 2;
  CHECK(train() != expected);
}

TEST_CASE("accumulation: two half batches make the step of one, tokens weighted alike") {
  RunOptions whole = small_options(), halves = small_options();
  whole.batch = 4;
  halves.batch = 2;
  halves.accumulate = 2;
  Trainer one = small_trainer(whole), two = small_trainer(halves);
  const StepReport a = one.step(), b = two.step();
  // The same rows in the same order: only the order of sums differs.
  CHECK(std::abs(a.loss - b.loss) <= 1e-6);
  CHECK(std::abs(a.gradient_norm - b.gradient_norm) <= 1e-5);
  CHECK(a.tokens == b.tokens);
}

TEST_CASE("edges: the streams of one seed differ from each other") {
  std::vector<std::uint64_t> first;
  for (const Stream use :
       {Stream::weights, Stream::data, Stream::dropout, Stream::sampling, Stream::tales}) {
    for (const std::uint64_t other : first) CHECK(stream(1, use).bits() != other);
    first.push_back(stream(1, use).bits());
  }
  CHECK(stream(2, Stream::data).bits() != stream(1, Stream::data).bits());
}

TEST_CASE("misuse: a loss that is not a number stops and names the first bad tensor") {
  Trainer trainer = small_trainer();
  CHECK(first_bad_parameter(trainer.parameters).empty());
  trainer.parameters[3].value[5] = std::numeric_limits<float>::quiet_NaN();
  trainer.parameters[4].value[0] = std::numeric_limits<float>::infinity();
  CHECK(first_bad_parameter(trainer.parameters) == trainer.parameters[3].name);
  const std::string message = failure("", [&] { trainer.step(); });
  CHECK(message.starts_with("step 1: "));
  CHECK(message.find(trainer.parameters[3].name) != std::string::npos);
  CHECK(trainer.steps_done() == 0);
}

TEST_CASE("misuse: gradients too large for a float, behind a loss that is not, are named") {
  // Large, tiny, large: what goes through is of usual size, but the gradient of the tiny one is the product
  // of both large ones.
  Trainer trainer = small_trainer();
  // One channel in, one channel out: the norms before and after would cancel what is the same in all.
  for (const Parameter<float>& p : trainer.parameters) {
    const Index columns = p.shape.back();
    for (Index i = 0; i < static_cast<Index>(p.value.size()); ++i) {
      float& number = p.value[static_cast<std::size_t>(i)];
      if (p.name == "blocks.0.norm2.gain") number = 1e20f;
      if (p.name == "blocks.0.feed_forward.up.weight") number = i % columns == 0 ? 1e-40f : 0;
      if (p.name == "blocks.0.feed_forward.down.weight") number = i < columns ? 1e20f : 0;
    }
  }
  const std::vector<float> before = all_numbers(trainer);
  CHECK(failure("", [&] { trainer.step(); }) ==
        "step 1: the gradient of blocks.0.feed_forward.up.weight is not a finite number");
  CHECK(trainer.steps_done() == 0);
  CHECK(all_numbers(trainer) == before);
}

TEST_CASE("misuse: numbers too large for a forward pass name the largest") {
  Trainer trainer = small_trainer();
  trainer.parameters.back().value[0] = -3e38f;
  const auto [name, size] = largest_parameter(trainer.parameters);
  CHECK(name == trainer.parameters.back().name);
  CHECK(size == static_cast<double>(3e38f));
  const std::string message =
      failure("", [&] { trainer.require_finite(std::numeric_limits<double>::quiet_NaN()); });
  CHECK(message.find("overflowed") != std::string::npos);
  CHECK(message.find(name) != std::string::npos);
  CHECK_NOTHROW(trainer.require_finite(1));
}
