#include "limpid/nn/cross_entropy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/core/parallel.hpp"
#include "limpid/nn/softmax.hpp"

namespace limpid {
namespace {

// The number of columns that are real tokens, after checking everything else.
Index check_targets(Index rows, Index cols, std::span<const std::int32_t> targets,
                    Index vocabulary) {
  if (static_cast<Index>(targets.size()) != rows) {
    fail("cross_entropy", fmt::format("{} targets for {} rows of logits", targets.size(), rows));
  }
  if (vocabulary < 0 || vocabulary > cols) {
    fail("cross_entropy",
         fmt::format("a vocabulary of {} does not fit {} columns", vocabulary, cols));
  }
  if (vocabulary == 0) vocabulary = cols;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i] != kIgnore && (targets[i] < 0 || targets[i] >= vocabulary)) {
      fail("cross_entropy", fmt::format("target {} in row {} is outside the vocabulary of {}",
                                        targets[i], i, vocabulary));
    }
  }
  return vocabulary;
}

Index count_targets(std::span<const std::int32_t> targets) {
  return static_cast<Index>(targets.size()) - std::count(targets.begin(), targets.end(), kIgnore);
}

double check_divisor(const CrossEntropyOptions& options, Index count) {
  if (!(options.divisor >= 0)) {
    fail("cross_entropy", fmt::format("divisor is {}, expected 0 or more", options.divisor));
  }
  return options.divisor > 0 ? options.divisor : static_cast<double>(count);
}

// A row's largest logit m, and sum of e^(x - m). Short runs are summed in Real, the runs in double:
// fast, and as good as all in double.
struct Peak {
  double largest, sum;
};

// Calls keep(first, e^(x - m) of a run) for every run.
template <class Real, class Keep>
Peak sum_of_exponentials(const Real* row, Index size, Keep&& keep) {
  using Array = Eigen::Array<Real, 1, Eigen::Dynamic>;
  const Eigen::Map<const Array> x(row, size);
  const Real largest = x.template maxCoeff<Eigen::PropagateNaN>();
  constexpr Index kRun = 256;
  Eigen::Matrix<Real, 1, Eigen::Dynamic, Eigen::RowMajor, 1, kRun> run;
  double sum = 0;
  for (Index j = 0; j < size; j += kRun) {
    run = x.segment(j, std::min(kRun, size - j));
    exponential_row<Real>(run, largest);
    sum += static_cast<double>(run.sum());
    keep(j, run);
  }
  return {static_cast<double>(largest), sum};
}

// -log p_target. A row of nothing but -infinity allows no token at all: infinitely surprised.
double surprise(const Peak& peak, double target_logit) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (peak.largest == -kInfinity) return kInfinity;
  return peak.largest - target_logit + std::log(peak.sum);
}

}  // namespace

template <class Real>
CrossEntropyResult<Real> cross_entropy(Matrix<Real> logits, std::span<const std::int32_t> targets,
                                       const CrossEntropyOptions& options) {
  const Index vocabulary = check_targets(logits.rows(), logits.cols(), targets, options.vocabulary);
  const Index count = count_targets(targets);
  const double divisor = check_divisor(options, count);
  const double total =
      ordered_sum(logits.rows(), row_grain(logits.cols()), [&](Index begin, Index end) {
        double sum = 0;
        for (Index i = begin; i < end; ++i) {
          const std::int32_t target = targets[static_cast<std::size_t>(i)];
          if (target == kIgnore) {
            logits.row(i).setZero();
            continue;
          }
          Real* const row = logits.row(i).data();
          const double target_logit = static_cast<double>(row[target]);
          const Peak peak =
              sum_of_exponentials(row, vocabulary, [&](Index first, const auto& exponentials) {
                logits.row(i).segment(first, exponentials.size()) = exponentials;
              });
          const double loss = surprise(peak, target_logit);
          sum += loss;
          if (peak.largest == -std::numeric_limits<double>::infinity()) {
            logits.row(i).setZero();  // nothing to move towards
            continue;
          }
          // dx = (p - [target]) / divisor, with p = e^(x - m) / sum.
          logits.row(i).head(vocabulary) *= static_cast<Real>(1 / (peak.sum * divisor));
          logits.row(i).tail(logits.cols() - vocabulary).setZero();
          row[target] -= static_cast<Real>(1 / divisor);
        }
        return sum;
      });
  return {count == 0 ? 0 : total / divisor, count, std::move(logits)};
}

template <class Real>
std::vector<double> cross_entropy_per_token(const Matrix<Real>& logits,
                                            std::span<const std::int32_t> targets,
                                            Index vocabulary) {
  const Index real = check_targets(logits.rows(), logits.cols(), targets, vocabulary);
  std::vector<double> losses(targets.size(), 0.0);
  parallel_rows(logits.rows(), logits.cols(), [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const std::int32_t target = targets[static_cast<std::size_t>(i)];
      if (target == kIgnore) continue;
      const Peak peak = sum_of_exponentials(logits.row(i).data(), real, [](Index, const auto&) {});
      losses[static_cast<std::size_t>(i)] = surprise(peak, static_cast<double>(logits(i, target)));
    }
  });
  return losses;
}

template <class Real>
double cross_entropy_loss(const Matrix<Real>& logits, std::span<const std::int32_t> targets,
                          const CrossEntropyOptions& options) {
  const std::vector<double> losses = cross_entropy_per_token(logits, targets, options.vocabulary);
  const Index count = count_targets(targets);
  const double divisor = check_divisor(options, count);
  double total = 0;
  for (const double loss : losses) total += loss;
  return count == 0 ? 0 : total / divisor;
}

#define LIMPID_INSTANTIATE(Real)                                                               \
  template CrossEntropyResult<Real> cross_entropy(Matrix<Real>, std::span<const std::int32_t>, \
                                                  const CrossEntropyOptions&);                 \
  template double cross_entropy_loss(const Matrix<Real>&, std::span<const std::int32_t>,       \
                                     const CrossEntropyOptions&);                              \
  template std::vector<double> cross_entropy_per_token(const Matrix<Real>&,                    \
                                                       std::span<const std::int32_t>, Index);
LIMPID_INSTANTIATE(float)
LIMPID_INSTANTIATE(double)

}  // namespace limpid
