#include "limpid/nn/kv_cache.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "limpid/core/check.hpp"

namespace limpid {

template <class Real>
KeyValueCache<Real>::KeyValueCache(Index batch_size, Index token_capacity, Index width)
    : batch(batch_size),
      capacity(token_capacity),
      keys(Matrix::Zero(batch * capacity, width)),
      values(Matrix::Zero(batch * capacity, width)),
      visible(static_cast<std::size_t>(batch * capacity), 1) {}

template <class Real>
void KeyValueCache<Real>::check_fits(const Context& context) const {
  if (context.batch != batch) {
    fail("kv_cache", fmt::format("batch is {}, expected {}", context.batch, batch));
  }
  if (context.offset != length) {
    fail("kv_cache",
         fmt::format("offset is {}, expected the cache's length {}", context.offset, length));
  }
  if (length + context.time > capacity) {
    fail("kv_cache", fmt::format("{} more tokens after {} exceed the capacity of {}", context.time,
                                 length, capacity));
  }
  const auto entries = static_cast<Index>(context.key_mask.size());
  if (entries != 0 && entries != context.rows()) {
    fail("kv_cache", fmt::format("key_mask has {} entries, expected {}", entries, context.rows()));
  }
}

template <class Real>
void KeyValueCache<Real>::append(ConstView<Real> new_keys, ConstView<Real> new_values,
                                 const Context& context) {
  check_fits(context);
  check_shape("kv_cache", "new_keys", new_keys, context.rows(), keys.cols());
  check_shape("kv_cache", "new_values", new_values, context.rows(), keys.cols());
  const Index time = context.time;
  for (Index b = 0; b < batch; ++b) {
    const Index to = b * capacity + length;
    keys.middleRows(to, time) = new_keys.middleRows(b * time, time);
    values.middleRows(to, time) = new_values.middleRows(b * time, time);
    if (context.key_mask.empty()) {
      std::fill_n(visible.begin() + to, time, std::uint8_t{1});
    } else {
      std::copy_n(context.key_mask.begin() + b * time, time, visible.begin() + to);
    }
  }
  length += time;
}

template <class Real>
Index KeyValueCache<Real>::bytes() const {
  return (keys.size() + values.size()) * static_cast<Index>(sizeof(Real)) +
         static_cast<Index>(visible.size());
}

template struct KeyValueCache<float>;
template struct KeyValueCache<double>;

}  // namespace limpid
