/// One of two layers with the same interface: which one is decided when the model is built. The two
/// families have other norms and other feed-forwards; attention is one layer, whose options say the rest.
///
/// USES    core
#pragma once

#include <utility>
#include <variant>

#include "limpid/core/matrix.hpp"
#include "limpid/core/parameter.hpp"

namespace limpid {

template <class Real, class First, class Second>
class Either {
 public:
  using Matrix = limpid::Matrix<Real>;

  struct Cache {
    typename First::Cache first;  ///< the one in use is filled, the other stays empty
    typename Second::Cache second;
    Index bytes() const { return first.bytes() + second.bytes(); }
  };

  Either() = default;
  Either(First layer) : layer_(std::move(layer)) {}   // NOLINT: the conversion is the point
  Either(Second layer) : layer_(std::move(layer)) {}  // NOLINT

  /// X is a matrix to read or to give away, as the layer's own forward takes it.
  template <class X>
  Matrix forward(X&& x, Cache* cache) const {
    if (const First* layer = std::get_if<First>(&layer_)) {
      return layer->forward(std::forward<X>(x), cache == nullptr ? nullptr : &cache->first);
    }
    return std::get<Second>(layer_).forward(std::forward<X>(x),
                                            cache == nullptr ? nullptr : &cache->second);
  }

  Matrix backward(const Matrix& dy, const Cache& cache) {
    if (First* layer = std::get_if<First>(&layer_)) return layer->backward(dy, cache.first);
    return std::get<Second>(layer_).backward(dy, cache.second);
  }

  Parameters<Real> parameters() {
    return std::visit([](auto& layer) { return layer.parameters(); }, layer_);
  }

 private:
  std::variant<First, Second> layer_;
};

}  // namespace limpid
