// A head of attention that is on trial.
#pragma once

#include <functional>

#include "limpid/core/matrix.hpp"

namespace limpid::lesson {

// q and what is returned [T, D]; k, v [S, D]. No mask: every query sees every key. The keys are taken
// in tiles of 128.
using Head = std::function<Matrix<double>(const Matrix<double>& q, const Matrix<double>& k,
                                          const Matrix<double>& v)>;

// Yours: does this head give what plain attention gives?
bool is_right(const Head& head);

}  // namespace limpid::lesson
