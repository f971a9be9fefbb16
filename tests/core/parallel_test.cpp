#include "limpid/core/parallel.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "limpid/core/rng.hpp"

#include "support/random.hpp"
#include "support/threads.hpp"

using namespace limpid;
using namespace limpid::test;

// NO gradient check: a loop has no gradient
// NO fixture: the plain loop beside it is the other implementation

namespace {

constexpr int kThreadCounts[] = {1, 2, 3, 8};

// The ranges that a loop was cut into, in order of their beginnings.
template <class Loop>
std::vector<std::pair<Index, Index>> ranges_of(Loop&& loop) {
  std::vector<std::pair<Index, Index>> ranges(100000);
  std::atomic<std::size_t> count = 0;
  loop([&](Index begin, Index end) { ranges[count++] = {begin, end}; });
  ranges.resize(count);
  std::sort(ranges.begin(), ranges.end());
  return ranges;
}

std::uint64_t bits_of(double number) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &number, sizeof bits);
  return bits;
}

}  // namespace

TEST_CASE("by hand: ten items in pieces of four") {
  for (const int count : kThreadCounts) {
    const ThreadScope scope(count);
    const auto ranges = ranges_of([](auto body) { parallel_for(10, 4, body); });
    CHECK(ranges == std::vector<std::pair<Index, Index>>{{0, 4}, {4, 8}, {8, 10}});
  }
}

TEST_CASE("by hand: sums over pieces") {
  const double sum = ordered_sum(101, 7, [](Index begin, Index end) {
    return static_cast<double>((begin + end - 1) * (end - begin)) / 2;
  });
  CHECK(sum == 5050);  // 0 + 1 + ... + 100
  RowVector<double> total(2);
  total << 1000, 2000;
  ordered_row_sum(130, total, [](Index begin, Index end, auto partial) {
    for (Index i = begin; i < end; ++i) {
      partial[0] += 1;
      partial[1] += static_cast<double>(i);
    }
  });
  CHECK(total[0] == 1000 + 130);
  CHECK(total[1] == 2000 + 129 * 130 / 2);
}

TEST_CASE("property: every index exactly once, for many sizes, grains and thread counts") {
  for (const int count : kThreadCounts) {
    const ThreadScope scope(count);
    for (const Index size : {0, 1, 2, 3, 7, 8, 63, 64, 65, 1000, 16384, 16385, 50000}) {
      for (const Index grain : {1, 2, 3, 64, 1000, 100000}) {
        std::vector<int> seen(static_cast<std::size_t>(size), 0);
        parallel_for(size, grain, [&](Index begin, Index end) {
          for (Index i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
        });
        const bool all_once = std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; });
        CAPTURE(count);
        CAPTURE(size);
        CAPTURE(grain);
        CHECK(all_once);
      }
    }
  }
}

TEST_CASE("property: the pieces depend on the sizes, not on the number of threads") {
  for (const Index size : {5, 1000, 40000, 123457}) {
    std::vector<std::vector<std::pair<Index, Index>>> flat, rows;
    for (const int count : kThreadCounts) {
      const ThreadScope scope(count);
      flat.push_back(ranges_of([&](auto body) { parallel_flat(size, body); }));
      rows.push_back(ranges_of([&](auto body) { parallel_rows(size, 65, body); }));
    }
    for (std::size_t i = 1; i < flat.size(); ++i) {
      CHECK(flat[i] == flat[0]);
      CHECK(rows[i] == rows[0]);
    }
  }
}

TEST_CASE("property: flat ranges begin at multiples of 64 bytes, and cover everything") {
  for (const Index size : {1, 16383, 16384, 16385, 1000003}) {
    const auto ranges = ranges_of([&](auto body) { parallel_flat(size, body); });
    Index next = 0;
    for (const auto& [begin, end] : ranges) {
      CHECK(begin == next);
      CHECK(begin * static_cast<Index>(sizeof(float)) % 64 == 0);
      next = end;
    }
    CHECK(next == size);
  }
}

TEST_CASE("property: a piece of rows holds about kGrain numbers, and at least one row") {
  for (const Index cols : {0, 1, 2, 100, 8192, 16383, 16384, 1000000}) {
    CAPTURE(cols);
    CHECK(row_grain(cols) >= 1);
    CHECK((row_grain(cols) - 1) * cols <= kGrain);
  }
  CHECK(row_grain(127) * 127 >= kGrain / 2);
}

TEST_CASE("property: sums have the same bits for any number of threads") {
  Rng rng(1);
  const Matrix<double> x = random_matrix(1000, 33, rng, 1e3);
  std::vector<std::uint64_t> sums;
  for (const int count : kThreadCounts) {
    const ThreadScope scope(count);
    for (int repeat = 0; repeat < 5; ++repeat) {
      sums.push_back(bits_of(ordered_sum(1000, 13, [&](Index begin, Index end) {
        return x.middleRows(begin, end - begin).sum();
      })));
    }
  }
  for (const std::uint64_t sum : sums) CHECK(sum == sums.front());
  CHECK(same_bits_with_all_threads([&] {
    RowVector<double> total = RowVector<double>::Zero(33);
    ordered_row_sum(1000, total, [&](Index begin, Index end, auto partial) {
      partial = x.middleRows(begin, end - begin).colwise().sum();
    });
    return std::vector<Matrix<double>>{total};
  }));
}

TEST_CASE("property: loops inside loops run whole, on the thread they are on") {
  for (const int count : kThreadCounts) {
    const ThreadScope scope(count);
    Matrix<double> seen = Matrix<double>::Zero(50, 200);
    std::vector<double> sums(50);
    parallel_for(50, 1, [&](Index row, Index) {
      parallel_for(200, 3, [&](Index begin, Index end) {
        for (Index j = begin; j < end; ++j) seen(row, j) += 1;
      });
      sums[static_cast<std::size_t>(row)] = ordered_sum(
          200, 7, [&](Index begin, Index end) { return static_cast<double>(end - begin); });
    });
    CHECK((seen.array() == 1).all());
    CHECK(std::all_of(sums.begin(), sums.end(), [](double sum) { return sum == 200; }));
  }
}

TEST_CASE("accumulation: ordered_row_sum adds to what is there") {
  RowVector<float> total = RowVector<float>::Zero(3);
  const auto ones = [](Index begin, Index end, auto partial) {
    partial.array() += static_cast<float>(end - begin);
  };
  ordered_row_sum(200, total, ones);
  ordered_row_sum(200, total, ones);
  CHECK((total.array() == 400).all());
}

TEST_CASE(
    "edges: an exception in a piece reaches the caller: of several, that of the first piece") {
  for (const int count : kThreadCounts) {
    const ThreadScope scope(count);
    CAPTURE(count);
    CHECK_THROWS_WITH_AS(parallel_for(100, 1,
                                      [](Index i, Index) {
                                        if (i % 30 == 17) {
                                          throw std::runtime_error("piece " + std::to_string(i));
                                        }
                                      }),
                         "piece 17", std::runtime_error);
    // The loop still works afterwards, and from inside another loop too.
    CHECK_THROWS_WITH_AS(parallel_for(4, 1,
                                      [](Index, Index) {
                                        parallel_for(4, 1, [](Index i, Index) {
                                          if (i == 2) throw std::logic_error("inner");
                                        });
                                      }),
                         "inner", std::logic_error);
    CHECK(ordered_sum(10, 3, [](Index begin, Index end) {
            return static_cast<double>(end - begin);
          }) == 10);
  }
}

TEST_CASE("edges: nothing to do") {
  int calls = 0;
  parallel_for(0, 5, [&](Index, Index) { ++calls; });
  parallel_for(-3, 5, [&](Index, Index) { ++calls; });
  parallel_flat(0, [&](Index, Index) { ++calls; });
  CHECK(calls == 0);
  CHECK(ordered_sum(0, 5, [](Index, Index) { return 1.0; }) == 0);
  RowVector<double> total = RowVector<double>::Ones(2);
  ordered_row_sum(0, total, [](Index, Index, auto partial) { partial.setOnes(); });
  CHECK((total.array() == 1).all());
}

TEST_CASE("misuse: no threads") {
  const int before = threads();
  CHECK(before >= 1);
  CHECK(physical_cores() >= 1);
  CHECK_THROWS_WITH_AS(set_threads(0), "parallel: the number of threads must be at least 1",
                       std::invalid_argument);
  CHECK(threads() == before);
}
