// Flash attention beside plain attention: one causal head of width 64, on one thread, as one head of
// a layer is computed. Always 4,096 tokens, cut into sequences of T: only attention's own work grows
// with T. Each sequence keeps what its backward needs, as in training.
//
// saved: bytes kept from forward for backward, besides q, k, v and y.
// GFLOP/s: 4 T T D operations forward and 8 T T D backward for each sequence, half of it masked and
// not counted; the product that flash attention does twice is counted once.
#include <benchmark/benchmark.h>

#include <vector>

#include "limpid/core/matrix.hpp"
#include "limpid/core/parallel.hpp"
#include "limpid/core/rng.hpp"
#include "limpid/nn/flash_attention.hpp"
#include "limpid/nn/scaled_dot_product_attention.hpp"

namespace {

using limpid::Index;
using Matrix = limpid::Matrix<float>;

constexpr Index kTokens = 4096, kWidth = 64;

Matrix random_rows(limpid::Rng& rng) {
  Matrix m(kTokens, kWidth);
  for (float& number : m.reshaped()) number = static_cast<float>(rng.normal());
  return m;
}

struct Sequences {
  explicit Sequences(const benchmark::State& state)
      : time(state.range(0)),
        probabilities(static_cast<std::size_t>(kTokens / time)),
        log_sum_exp(probabilities.size()) {
    limpid::set_threads(1);
  }

  void plain() {
    each([&](std::size_t i, Index row) {
      limpid::scaled_dot_product_attention<float>(part(y, row), part(q, row), part(k, row),
                                                  part(v, row), {}, &probabilities[i]);
    });
  }
  void plain_backward() {
    each([&](std::size_t i, Index row) {
      limpid::scaled_dot_product_attention_backward<float>(
          part(dq, row), part(dk, row), part(dv, row), part(dy, row), part(q, row), part(k, row),
          part(v, row), {}, probabilities[i]);
    });
  }
  void flash() {
    each([&](std::size_t i, Index row) {
      limpid::flash_attention<float>(part(y, row), part(q, row), part(k, row), part(v, row), {},
                                     &log_sum_exp[i]);
    });
  }
  void flash_backward() {
    each([&](std::size_t i, Index row) {
      limpid::flash_attention_backward<float>(part(dq, row), part(dk, row), part(dv, row),
                                              part(dy, row), part(q, row), part(k, row),
                                              part(v, row), part(y, row), {}, log_sum_exp[i]);
    });
  }
  void report(benchmark::State& state, double operations) const {
    Index numbers = 0;
    for (const Matrix& p : probabilities) numbers += p.size();
    for (const limpid::RowVector<float>& l : log_sum_exp) numbers += l.size();
    state.counters["saved"] =
        benchmark::Counter(static_cast<double>(numbers) * sizeof(float),
                           benchmark::Counter::kDefaults, benchmark::Counter::kIs1024);
    state.counters["GFLOP/s"] =
        benchmark::Counter(1e-9 * operations / 2 * static_cast<double>(kTokens * time * kWidth) *
                               static_cast<double>(state.iterations()),
                           benchmark::Counter::kIsRate);
  }

 private:
  template <class Body>
  void each(Body&& body) {
    for (std::size_t i = 0; i < probabilities.size(); ++i) body(i, static_cast<Index>(i) * time);
  }
  Eigen::Block<Matrix> part(Matrix& m, Index row) const { return m.block(row, 0, time, kWidth); }

  Index time;
  limpid::Rng rng = limpid::Rng(1);
  Matrix q = random_rows(rng), k = random_rows(rng), v = random_rows(rng), dy = random_rows(rng);
  Matrix y = q, dq = q, dk = Matrix::Zero(kTokens, kWidth), dv = dk;
  std::vector<Matrix> probabilities;
  std::vector<limpid::RowVector<float>> log_sum_exp;
};

void plain_forward(benchmark::State& state) {
  Sequences s(state);
  s.plain();  // the system hands out memory at its first use, in training once for all steps
  for (auto _ : state) s.plain();
  s.report(state, 4);
}

void flash_forward(benchmark::State& state) {
  Sequences s(state);
  s.flash();
  for (auto _ : state) s.flash();
  s.report(state, 4);
}

void plain_backward(benchmark::State& state) {
  Sequences s(state);
  s.plain();
  for (auto _ : state) s.plain_backward();
  s.report(state, 8);
}

void flash_backward(benchmark::State& state) {
  Sequences s(state);
  s.flash();
  for (auto _ : state) s.flash_backward();
  s.report(state, 8);
}

#define CASES ->ArgName("T")->RangeMultiplier(2)->Range(64, 4096)->Unit(benchmark::kMillisecond)
BENCHMARK(plain_forward) CASES;
BENCHMARK(flash_forward) CASES;
BENCHMARK(plain_backward) CASES;
BENCHMARK(flash_backward) CASES;

}  // namespace
