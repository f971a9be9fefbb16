#include "limpid/core/vector.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace limpid;

// NO gradient check: moving numbers has no gradient
// NO fixture: nothing is rounded, so the expected numbers are known exactly
// NO accumulation: nothing accumulates
// NO misuse: sizes are fixed when it is compiled

namespace {

template <class Real>
std::vector<Real> transposed_square() {
  constexpr int n = kLanes<Real>;
  std::vector<Real> numbers(static_cast<std::size_t>(n * n));
  for (int i = 0; i < n * n; ++i) numbers[static_cast<std::size_t>(i)] = static_cast<Real>(i);
  Vector<Real> square[n];
  for (int i = 0; i < n; ++i) square[i] = load(numbers.data() + i * n);
  transpose<Real>(square);
  for (int i = 0; i < n; ++i) store(numbers.data() + i * n, square[i]);
  return numbers;
}

template <class Real>
bool is_transposed(const std::vector<Real>& numbers) {
  constexpr int n = kLanes<Real>;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      if (numbers[static_cast<std::size_t>(i * n + j)] != static_cast<Real>(j * n + i))
        return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("by hand: the sum of all lanes") {
  std::vector<double> numbers(static_cast<std::size_t>(kLanes<double>));
  double expected = 0;
  for (int i = 0; i < kLanes<double>; ++i) {
    numbers[static_cast<std::size_t>(i)] = 1 << i;  // every lane shows as one binary digit
    expected += 1 << i;
  }
  CHECK(sum_of_lanes<double>(load(numbers.data())) == expected);
  std::vector<float> ones(static_cast<std::size_t>(kLanes<float>), 1.0F);
  CHECK(sum_of_lanes<float>(load(ones.data())) == static_cast<float>(kLanes<float>));
}

TEST_CASE("by hand: a register is as wide as its lanes, and adds lane by lane") {
  CHECK(kLanes<float> * 4 == kVectorBytes);
  CHECK(kLanes<double> * 8 == kVectorBytes);
  std::vector<float> numbers(static_cast<std::size_t>(kLanes<float>));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
  const Vector<float> v = load(numbers.data());
  store<float>(numbers.data(), v * v + v);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    CHECK(numbers[i] == static_cast<float>(i * i + i));
}

TEST_CASE("property: row i, column j becomes row j, column i") {
  CHECK(is_transposed(transposed_square<float>()));
  CHECK(is_transposed(transposed_square<double>()));
}

TEST_CASE("edges: from and to any address, and nothing beside it") {
  constexpr auto n = static_cast<std::size_t>(kLanes<float>);
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::vector<float> from(n + 8), to(n + 8, -1);
    for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<float>(i);
    store<float>(to.data() + shift, load(from.data() + shift));
    for (std::size_t i = 0; i < to.size(); ++i) {
      CHECK(to[i] == (i >= shift && i < shift + n ? static_cast<float>(i) : -1));
    }
  }
}
