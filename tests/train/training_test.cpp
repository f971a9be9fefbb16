// Training as a whole: nothing here is a concept of its own, the sum of the parts is what is tested.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "limpid/model/decoder.hpp"
#include "limpid/nn/cross_entropy.hpp"
#include "limpid/train/adamw.hpp"
#include "limpid/train/clip.hpp"

#include "support/fixture.hpp"
#include "support/random.hpp"

using namespace limpid;
using namespace limpid::test;

// NO by hand: three steps of a whole model are too many numbers for a hand; the parts have theirs
// NO property: those of a training step are in train/trainer
// NO gradient check: the model's is in model/decoder
// NO accumulation: that of a step is in the fixture's second half
// NO edges: each part has its own
// NO misuse: each part has its own

namespace {

Config config_of(Family family, const Fixture& fixture) {
  Config config;
  config.family = family;
  config.vocab = 11;
  config.context = 6;
  config.layers = 2;
  config.heads = 2;
  config.kv_heads = family == Family::gpt2 ? 2 : 1;
  config.width = 8;
  config.hidden = static_cast<Index>(fixture.number("hidden"));
  config.tied = family == Family::gpt2;
  return config;
}

std::vector<std::int32_t> ids_of(const Fixture& fixture, const std::string& key) {
  std::vector<std::int32_t> ids;
  for (const Index id : fixture.integers(key)) ids.push_back(static_cast<std::int32_t>(id));
  return ids;
}

Index count_of(const std::vector<std::int32_t>& targets) {
  Index count = 0;
  for (const std::int32_t target : targets) count += target == kIgnore ? 0 : 1;
  return count;
}

// Forward and backward over both sequences: as one batch, or one after the other with the gradients
// added up. The loss.
double add_gradients(Decoder<double>& model, const std::vector<std::int32_t>& ids,
                     const std::vector<std::int32_t>& targets, Index batches) {
  const Context context{.batch = 2 / batches, .time = 6};
  const CrossEntropyOptions whole_step{.divisor = static_cast<double>(count_of(targets))};
  const auto rows = static_cast<std::size_t>(context.rows());
  double loss = 0;
  for (std::size_t first = 0; first < ids.size(); first += rows) {
    Decoder<double>::Cache cache;
    const auto part = [&](const std::vector<std::int32_t>& all) {
      return std::span<const std::int32_t>(all).subspan(first, rows);
    };
    Matrix<double> logits = model.forward(part(ids), context, &cache);
    const auto result = cross_entropy(std::move(logits), part(targets), whole_step);
    model.backward(result.dlogits, context, cache);
    loss += result.loss;
  }
  return loss;
}

void check_equal(std::span<const double> numbers, const Fixture& fixture, const std::string& key) {
  CAPTURE(key);
  const Matrix<double> expected = fixture.matrix(key);
  REQUIRE(numbers.size() == static_cast<std::size_t>(expected.size()));
  const Eigen::Map<const Matrix<double>> actual(numbers.data(), expected.rows(), expected.cols());
  CHECK(max_difference(actual, expected) <= 1e-9);
}

}  // namespace

// Trainer<float>::step is this very composition: "by hand: a step is forward, backward, clip, update"
// in trainer_test.cpp.
TEST_CASE("fixture: three steps in PyTorch: losses, gradients, norms and weights, both families") {
  for (const Family family : {Family::gpt2, Family::llama}) {
    for (const Index batches : {1, 2}) {
      CAPTURE(family_name(family));
      CAPTURE(batches);
      const Fixture fixture("training", std::string(family_name(family)));
      Rng rng(1);
      Decoder<double> model(config_of(family, fixture), rng);
      const Parameters<double> parameters = model.parameters();
      for (const Parameter<double>& p : parameters) fixture.load(p, "first." + p.name);
      AdamW<double> optimizer(parameters, {.beta1 = fixture.number("beta1"),
                                           .beta2 = fixture.number("beta2"),
                                           .epsilon = fixture.number("epsilon"),
                                           .weight_decay = fixture.number("weight_decay")});
      Index clipped = 0;
      const auto steps = static_cast<Index>(fixture.number("steps"));
      for (Index step = 1; step <= steps; ++step) {
        CAPTURE(step);
        const std::string t = std::to_string(step);
        zero_gradients(parameters);
        const double loss = add_gradients(model, ids_of(fixture, "ids" + t),
                                          ids_of(fixture, "targets" + t), batches);
        CHECK(std::abs(loss - fixture.number("loss" + t)) <= 1e-9);
        if (step == 1 || step == steps) {
          for (const Parameter<double>& p : parameters) {
            check_equal(p.grad, fixture, "gradient" + t + "." + p.name);
          }
        }
        const GradientNorm norm = clip_gradients(parameters, fixture.number("maximum"));
        CHECK(std::abs(norm.norm - fixture.number("norm" + t)) <= 1e-9);
        clipped += norm.clipped ? 1 : 0;
        optimizer.step(parameters, fixture.number("rate" + t));
      }
      CHECK(clipped == 2);  // and one step that is not
      for (const Parameter<double>& p : parameters) check_equal(p.value, fixture, "last." + p.name);
    }
  }
}
