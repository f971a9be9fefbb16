# cmake --install, and find_package(limpid) with limpid::limpid (static) and limpid::shared.
include(CMakePackageConfigHelpers)
install(TARGETS limpid_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS limpid_static limpid_shared EXPORT limpid_targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY src/limpid DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING
        PATTERN "*.hpp" PATTERN "cli" EXCLUDE)
install(EXPORT limpid_targets NAMESPACE limpid:: FILE limpid-targets.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/limpid)
if(limpid_blas)
  set(limpid_find_blas "find_dependency(BLAS)")
endif()
file(WRITE ${PROJECT_BINARY_DIR}/limpid-config.cmake "# find_package(limpid) comes here.
include(CMakeFindDependencyMacro)
find_dependency(Eigen3 3.4)
find_dependency(OpenMP COMPONENTS CXX)
find_dependency(fmt)
find_dependency(PkgConfig)
${limpid_find_blas}
pkg_check_modules(utf8proc QUIET IMPORTED_TARGET GLOBAL libutf8proc)
include(\${CMAKE_CURRENT_LIST_DIR}/limpid-targets.cmake)
")
write_basic_package_version_file(${PROJECT_BINARY_DIR}/limpid-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/limpid-config.cmake
              ${PROJECT_BINARY_DIR}/limpid-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/limpid)
