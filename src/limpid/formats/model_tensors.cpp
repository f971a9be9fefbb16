#include "limpid/formats/model_tensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "limpid/core/check.hpp"
#include "limpid/formats/file_handle.hpp"

namespace limpid {

std::span<float> ModelTensor::row(Index theirs) const {
  Index ours = theirs;
  if (turned_width > 0) {
    const Index within = theirs % turned_width;
    ours = theirs - within + within / 2 + (within % 2) * (turned_width / 2);
  }
  return numbers.subspan(static_cast<std::size_t>(ours * row_size()),
                         static_cast<std::size_t>(row_size()));
}

std::vector<ModelTensor> model_tensors(const std::vector<TensorName>& names, const Config& config,
                                       const Parameters<float>& parameters, const char* place) {
  std::vector<ModelTensor> tensors;
  std::size_t covered = 0, all = 0;
  for (const Parameter<float>& parameter : parameters) all += parameter.value.size();
  for (const TensorName& name : names) {
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const auto& p) { return p.name == name.ours; });
    if (found == parameters.end()) {
      fail(place, fmt::format("the model has no parameter {}", name.ours));
    }
    ModelTensor tensor{name.theirs, found->shape, found->value, 0};
    const RowRange rows = rows_of(name.part, config, tensor.shape.front());
    if (rows.end > tensor.shape.front()) {
      fail(place, fmt::format("parameter {} has {} rows, expected {} or more", name.ours,
                              tensor.shape.front(), rows.end));
    }
    if (tensor.shape.size() > 1) {
      tensor.shape.front() = rows.end - rows.begin;
      tensor.numbers = tensor.numbers.subspan(
          static_cast<std::size_t>(rows.begin * tensor.row_size()),
          static_cast<std::size_t>((rows.end - rows.begin) * tensor.row_size()));
    }
    if (name.part == Part::queries || name.part == Part::keys) {
      tensor.turned_width = config.head_width();
    }
    covered += tensor.numbers.size();
    tensors.push_back(std::move(tensor));
  }
  if (covered != all) {
    fail(place, fmt::format("the model has {} numbers, expected {}: a {} model's", all, covered,
                            family_name(config.family)));
  }
  return tensors;
}

void expect_small_tables(const std::filesystem::path& path, const Config& config) {
  if (config.family != Family::llama) return;
  constexpr Index kAlways = 4'000'000;  // 16 MB
  const Index most = std::max(kAlways, config.parameter_count());
  if (config.context > most / config.head_width()) {
    fail_file(
        path,
        fmt::format("a context of {} positions asks for {} cosines and sines, expected at most {}",
                    config.context, config.context * config.head_width(), most));
  }
}

}  // namespace limpid
