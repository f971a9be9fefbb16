// What an exercise says where the work is still to be done.
#pragma once

#include <stdexcept>
#include <string>

namespace limpid::lesson {

struct Todo : std::logic_error {
  Todo(const std::string& what, const char* source, int source_line)
      : std::logic_error("not written yet: " + what), file(source), line(source_line) {}
  const char* file;
  int line;
};

[[noreturn]] inline void todo(const char* what, const char* file = __builtin_FILE(),
                              int line = __builtin_LINE()) {
  throw Todo(what, file, line);
}

}  // namespace limpid::lesson
