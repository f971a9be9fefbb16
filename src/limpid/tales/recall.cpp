#include "limpid/tales/recall.hpp"

#include <algorithm>
#include <optional>

namespace limpid::tales {

std::vector<Recall> recall_points(const World& world, std::string_view text,
                                  const std::vector<Telling>& tellings) {
  constexpr std::ptrdiff_t kFarBack = 15;
  std::vector<std::optional<Telling>> last(world.facts.size());
  std::vector<Recall> recalls;
  for (const Telling& telling : tellings) {
    std::optional<Telling>& source = last[telling.fact];
    if (source && telling.decided) {
      const std::string_view between = text.substr(source->end, telling.begin - source->end);
      if (std::count(between.begin(), between.end(), ' ') > kFarBack) {
        recalls.push_back({telling.begin, telling.end, source->begin, source->end,
                           world.facts[telling.fact].name});
      }
    }
    source = telling;
  }
  return recalls;
}

}  // namespace limpid::tales
