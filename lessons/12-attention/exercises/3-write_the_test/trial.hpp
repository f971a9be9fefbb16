// A causal head of attention that is on trial.
#pragma once

#include <functional>

#include "limpid/core/matrix.hpp"

namespace limpid::lesson {

// q, k, v and what is returned [T, D]: row i belongs to the token at position i.
using Head = std::function<Matrix<double>(const Matrix<double>& q, const Matrix<double>& k,
                                          const Matrix<double>& v)>;

// Yours: does every token look at itself and at all that came before it, and at nothing else?
bool is_right(const Head& head);

}  // namespace limpid::lesson
