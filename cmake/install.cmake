# `cmake --install`: the library, its headers under include/lathe/, a CMake package and a pkg-config file.
include(CMakePackageConfigHelpers)

foreach(folder IN LISTS LATHE_FOLDERS)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/${folder}/*.h)
  list(FILTER headers EXCLUDE REGEX "_impl\.h$|^core/kernels/|^report/vendor/")
  foreach(header IN LISTS headers)
    get_filename_component(place ${header} DIRECTORY)
    install(FILES ${CMAKE_SOURCE_DIR}/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lathe/${place})
  endforeach()
endforeach()
install(FILES ${CMAKE_SOURCE_DIR}/lathe.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/lathe)
install(TARGETS lathe EXPORT lathe-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/lathe)
install(EXPORT lathe-targets NAMESPACE lathe:: DESTINATION ${package})

# The modules that liblathe.a leaves to whoever links it, as targets of the names it was linked with.
set(LATHE_CONFIG_MODULES "")
set(LATHE_PC_REQUIRES zlib)
foreach(pair IN LISTS LATHE_MODULES)
  string(REPLACE "=" ";" pair ${pair})
  list(GET pair 0 target)
  list(GET pair 1 module)
  string(APPEND LATHE_CONFIG_MODULES "pkg_check_modules(${target} REQUIRED IMPORTED_TARGET ${module})\n")
  string(APPEND LATHE_PC_REQUIRES " ${module}")
endforeach()
configure_package_config_file(cmake/lathe-config.cmake.in ${CMAKE_BINARY_DIR}/lathe-config.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/lathe-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/lathe-config.cmake ${CMAKE_BINARY_DIR}/lathe-config-version.cmake DESTINATION ${package})

# An archive leaves its own needs to whoever links it. With `pkg-config --static` instead, those of OpenBLAS's archive would come too.
get_target_property(type lathe TYPE)
if(type STREQUAL SHARED_LIBRARY)
  set(LATHE_PC_SCOPE .private)
  set(LATHE_PC_SYSTEM "")
else()
  set(LATHE_PC_SCOPE "")
  set(LATHE_PC_SYSTEM " -lm -pthread")
endif()

# The prefix is known only when installing (`--prefix`), so the file is written then.
install(CODE "
  set(PROJECT_DESCRIPTION \"${PROJECT_DESCRIPTION}\")
  set(PROJECT_VERSION \"${PROJECT_VERSION}\")
  set(CMAKE_INSTALL_LIBDIR \"${CMAKE_INSTALL_LIBDIR}\")
  set(CMAKE_INSTALL_INCLUDEDIR \"${CMAKE_INSTALL_INCLUDEDIR}\")
  set(LATHE_REAL \"${LATHE_REAL}\")
  set(LATHE_PC_REQUIRES \"${LATHE_PC_REQUIRES}\")
  set(LATHE_PC_SCOPE \"${LATHE_PC_SCOPE}\")
  set(LATHE_PC_SYSTEM \"${LATHE_PC_SYSTEM}\")
  configure_file(\"${CMAKE_SOURCE_DIR}/cmake/lathe.pc.in\" \"${CMAKE_BINARY_DIR}/lathe.pc\" @ONLY)
")
install(FILES ${CMAKE_BINARY_DIR}/lathe.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
