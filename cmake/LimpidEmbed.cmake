# limpid_embed(OUT FUNCTION name FILES file...)
#
# Writes a C++ file that holds the text of the files, and sets OUT to its path. The function
# `limpid::name()` returns them as a span of {file name, text}; it is declared where it is used.
function(limpid_embed out)
  cmake_parse_arguments(EMBED "" "FUNCTION" "FILES" ${ARGN})
  set(entries "")
  foreach(file IN LISTS EMBED_FILES)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(name ${file} NAME)
    file(READ ${file} text)
    string(APPEND entries "    {\"${name}\", R\"limpid(${text})limpid\"},\n")
  endforeach()
  list(LENGTH EMBED_FILES count)
  set(path ${PROJECT_BINARY_DIR}/generated/${EMBED_FUNCTION}.cpp)
  set(text "// Written by cmake/LimpidEmbed.cmake.
#include \"limpid/core/embedded.hpp\"

namespace limpid {
std::span<const EmbeddedFile> ${EMBED_FUNCTION}() {
  static const std::array<EmbeddedFile, ${count}> files{{
${entries}  }};
  return files;
}
}  // namespace limpid
")
  file(CONFIGURE OUTPUT ${path} CONTENT "${text}" @ONLY)
  set(${out} ${path} PARENT_SCOPE)
endfunction()
