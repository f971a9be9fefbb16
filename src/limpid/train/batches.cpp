#include "limpid/train/batches.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "limpid/core/check.hpp"

namespace limpid {
namespace {

using Ids = Batches::Ids;
constexpr std::uint64_t kOrderStream = 0x6f72646572;  // apart from dropout's and sampling's streams

void check_options(const BatchOptions& options) {
  const auto at_least = [](const char* key, Index value, Index least) {
    if (value < least) {
      fail("batches", fmt::format("{} is {}, expected {} or more", key, value, least));
    }
  };
  at_least("batch", options.batch, 1);
  at_least("time", options.time, 1);
  at_least("group", options.group, 0);
}

// Rows of one token more than they have inputs: the shift by one happens here.
Batch assemble(std::span<const Ids> rows, std::int32_t padding) {
  std::size_t longest = 0;
  for (const Ids& row : rows) longest = std::max(longest, row.size() - 1);
  Batch batch;
  batch.batch = static_cast<Index>(rows.size());
  batch.time = static_cast<Index>(longest);
  batch.inputs.assign(rows.size() * longest, padding);
  batch.targets.assign(rows.size() * longest, kIgnore);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto place = static_cast<std::ptrdiff_t>(r * longest);
    std::copy(rows[r].begin(), rows[r].end() - 1, batch.inputs.begin() + place);
    std::copy(rows[r].begin() + 1, rows[r].end(), batch.targets.begin() + place);
    batch.tokens += static_cast<Index>(rows[r].size()) - 1;
  }
  return batch;
}

std::vector<Batch> assemble_all(std::span<const Ids> rows, Index batch, std::int32_t padding) {
  std::vector<Batch> batches;
  const auto most = static_cast<std::size_t>(batch);
  for (std::size_t r = 0; r < rows.size(); r += most) {
    batches.push_back(assemble(rows.subspan(r, std::min(most, rows.size() - r)), padding));
  }
  return batches;
}

// The tokens of a document's row: E, the document, E; cut after `time` inputs.
Ids document_row(const Ids& document, std::int32_t end_of_text, Index time) {
  Ids row{end_of_text};
  row.insert(row.end(), document.begin(), document.end());
  row.push_back(end_of_text);
  if (static_cast<Index>(row.size()) > time + 1) row.resize(static_cast<std::size_t>(time + 1));
  return row;
}

void check_documents(std::span<const Ids> documents) {
  require(!documents.empty(), "batches", "no documents, expected at least 1");
  for (std::size_t d = 0; d < documents.size(); ++d) {
    if (documents[d].empty()) {
      fail("batches", fmt::format("document {} of {} is empty", d + 1, documents.size()));
    }
  }
}

// Cuts rows into batches and hands them out in a new order; all batches must be full.
template <class Row>
void shuffle_batches(std::span<Row> rows, std::size_t batch, Rng& rng) {
  std::vector<std::size_t> order(rows.size() / batch);
  std::iota(order.begin(), order.end(), std::size_t{0});
  rng.shuffle(std::span<std::size_t>(order));
  const std::vector<Row> from(rows.begin(), rows.end());
  for (std::size_t b = 0; b < order.size(); ++b) {
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(order[b] * batch), batch,
                rows.begin() + static_cast<std::ptrdiff_t>(b * batch));
  }
}

}  // namespace

Batches Batches::windows(Ids ids, const BatchOptions& options) {
  return {Kind::windows, std::move(ids), {}, options};
}

Batches Batches::documents(std::span<const Ids> documents, std::int32_t end_of_text,
                           const BatchOptions& options) {
  return of_documents(Kind::documents, documents, end_of_text, options);
}

Batches Batches::packed(std::span<const Ids> documents, std::int32_t end_of_text,
                        const BatchOptions& options) {
  return of_documents(Kind::packed, documents, end_of_text, options);
}

Batches Batches::of_documents(Kind kind, std::span<const Ids> documents, std::int32_t end_of_text,
                              const BatchOptions& options) {
  check_documents(documents);
  Ids text{end_of_text};  // E d0 d1 .. E e0 e1 .. E
  std::vector<Row> places;
  for (const Ids& document : documents) {
    places.push_back(
        {static_cast<Index>(text.size()) - 1, static_cast<Index>(document.size()) + 1});
    text.insert(text.end(), document.begin(), document.end());
    text.push_back(end_of_text);
  }
  return {kind, std::move(text), std::move(places), options};
}

Batches::Batches(Kind kind, Ids text, std::vector<Row> documents, const BatchOptions& options)
    : kind_(kind), options_(options), text_(std::move(text)), documents_(std::move(documents)) {
  check_options(options);
  if (kind == Kind::windows && static_cast<Index>(text_.size()) < options.time + 1) {
    fail("batches", fmt::format("the text has {} tokens, expected at least {} (time {} and one to "
                                "predict)",
                                text_.size(), options.time + 1, options.time));
  }
  begin_epoch();
}

Batch Batches::next() {
  std::vector<Ids> rows;
  while (static_cast<Index>(rows.size()) < options_.batch) {
    if (row_ == static_cast<Index>(order_.size())) {
      ++epoch_;
      row_ = 0;
      begin_epoch();
    }
    const Row& row = order_[static_cast<std::size_t>(row_++)];
    const Ids& text = kind_ == Kind::packed ? packed_text_ : text_;
    const auto begin = text.begin() + row.first;
    rows.emplace_back(begin, begin + row.tokens + 1);
  }
  return assemble(rows, text_.front());
}

void Batches::restore(const BatchState& state) {
  const BatchState before = this->state();
  options_.seed = state.seed;
  epoch_ = state.epoch;
  row_ = state.row;
  begin_epoch();
  if (state.epoch < 0 || state.row < 0 || state.row > rows()) {
    const Index rows_there = rows();
    restore(before);
    fail("batches", fmt::format("state is row {} of epoch {}, but that epoch has {} rows",
                                state.row, state.epoch, rows_there));
  }
}

void Batches::begin_epoch() {
  // A generator of its own for each epoch: nothing but the seed and the epoch decides the order.
  Rng rng(Rng(options_.seed, kOrderStream).at(static_cast<std::uint64_t>(epoch_)));
  order_.clear();
  switch (kind_) {
    case Kind::windows:
      order_windows(rng);
      break;
    case Kind::documents:
      order_documents(rng);
      break;
    case Kind::packed:
      order_packed(rng);
      break;
  }
}

void Batches::order_windows(Rng& rng) {
  // A random place to begin, so that over the epochs every token is seen with every length of past.
  const auto size = static_cast<Index>(text_.size()), time = options_.time;
  const auto phases = static_cast<std::uint64_t>(std::min(time, size - time));
  for (auto first = static_cast<Index>(rng.below(phases)); first + time < size; first += time) {
    order_.push_back({first, time});
  }
  rng.shuffle(std::span<Row>(order_));
}

void Batches::order_documents(Rng& rng) {
  for (const Row& place : documents_) {
    order_.push_back({place.first, std::min(place.tokens, options_.time)});
  }
  rng.shuffle(std::span<Row>(order_));
  if (options_.group == 0) return;

  // The first rows complete the batch that the last epoch could not fill, and the last ones are too
  // few to fill one: what lies between are whole batches.
  const Index rows = static_cast<Index>(order_.size()), batch = options_.batch;
  const Index started = epoch_ * rows % batch;
  const Index head = std::min(rows, (batch - started) % batch);
  const Index whole = (rows - head) / batch * batch;
  const std::span<Row> middle = std::span<Row>(order_).subspan(static_cast<std::size_t>(head),
                                                               static_cast<std::size_t>(whole));
  const auto run = static_cast<std::size_t>(options_.group * batch);
  for (std::size_t begin = 0; begin < middle.size(); begin += run) {
    const std::span<Row> part = middle.subspan(begin, std::min(run, middle.size() - begin));
    std::stable_sort(part.begin(), part.end(),
                     [](const Row& a, const Row& b) { return a.tokens < b.tokens; });
  }
  shuffle_batches(middle, static_cast<std::size_t>(batch), rng);
}

void Batches::order_packed(Rng& rng) {
  std::vector<Row> places = documents_;
  rng.shuffle(std::span<Row>(places));
  packed_text_.assign(1, text_.front());
  Index row_end = 0;  // the place of the row's last target
  for (const Row& place : places) {
    // A document that begins where the row is already full begins the next row.
    const auto first = static_cast<Index>(packed_text_.size()) - 1;
    if (order_.empty() || first >= row_end) {
      order_.push_back({first, 0});
      row_end = first + options_.time;
    }
    const auto begin = text_.begin() + place.first + 1;  // its E is there already
    packed_text_.insert(packed_text_.end(), begin, begin + place.tokens);
    order_.back().tokens =
        std::min(options_.time, static_cast<Index>(packed_text_.size()) - 1 - order_.back().first);
  }
  rng.shuffle(std::span<Row>(order_));
}

std::vector<Batch> evaluation_windows(std::span<const std::int32_t> ids, Index time, Index batch) {
  check_options({.batch = batch, .time = time});
  if (ids.size() < 2) {
    fail("batches", fmt::format("the text has {} tokens, expected at least 2", ids.size()));
  }
  std::vector<Ids> rows;
  const auto size = static_cast<Index>(ids.size());
  for (Index first = 0; first + 1 < size; first += time) {
    rows.emplace_back(ids.begin() + first, ids.begin() + std::min(first + time + 1, size));
  }
  return assemble_all(rows, batch, ids.front());
}

std::vector<Batch> evaluation_documents(std::span<const Ids> documents, std::int32_t end_of_text,
                                        Index time, Index batch) {
  check_options({.batch = batch, .time = time});
  check_documents(documents);
  std::vector<Ids> rows;
  for (const Ids& document : documents) rows.push_back(document_row(document, end_of_text, time));
  return assemble_all(rows, batch, end_of_text);
}

}  // namespace limpid
