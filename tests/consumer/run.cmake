# ctest's entry `consumer`: installs the build into a folder of its own, builds the consumer against it
# with both libraries, runs both, and looks at what the shared library shows.
#   cmake -DBUILD=... -DSOURCE=... -P run.cmake
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${output}")
  endif()
endfunction()

set(scratch ${BUILD}/consumer)
file(REMOVE_RECURSE ${scratch})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${scratch}/prefix)
run(${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer -B ${scratch}/build -G Ninja
    -DCMAKE_PREFIX_PATH=${scratch}/prefix -DCMAKE_CXX_COMPILER=${COMPILER}
    "-DCMAKE_CXX_FLAGS=${FLAGS}" -DCMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${scratch}/build)
run(${scratch}/build/consumer_limpid)
run(${scratch}/build/consumer_shared)

# Hidden: everything but the API. Nothing of fmt or JSON, and no name of an anonymous namespace.
file(GLOB_RECURSE library ${scratch}/prefix/liblimpid.so ${scratch}/prefix/*/liblimpid.so)
list(GET library 0 library)
execute_process(COMMAND nm -D --defined-only -C ${library} OUTPUT_VARIABLE symbols)
if(NOT symbols MATCHES "limpid::Decoder<float>::forward")
  message(FATAL_ERROR "the shared library does not show limpid::Decoder<float>::forward")
endif()
if(symbols MATCHES "nlohmann::|fmt::v|packed_matmul::|\\(anonymous namespace\\)")
  message(FATAL_ERROR "the shared library shows more than its API: ${CMAKE_MATCH_0}")
endif()
