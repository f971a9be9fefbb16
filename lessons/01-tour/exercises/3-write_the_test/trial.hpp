// A model that is on trial.
#pragma once

#include <cstdint>
#include <functional>

namespace limpid::lesson {

// How probable token `next` is after token `before`: so at least it should be.
using Model = std::function<double(std::int32_t before, std::int32_t next)>;

// Yours: does this model give probabilities, after each of its tokens 0 to vocab - 1?
bool is_a_model(const Model& model, std::int32_t vocab);

}  // namespace limpid::lesson
