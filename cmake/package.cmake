# `cpack -G DEB`: Debian's packages, one a component of cmake/install.cmake. packaging/deb makes a shared
# build and its packages; of a static one there are no liblathe0 and python3-lathe.
set(CPACK_PACKAGE_NAME lathe)
set(CPACK_PACKAGE_VENDOR "the lathe authors")
set(CPACK_PACKAGE_CONTACT "The lathe authors <lathe@lathe.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "small training framework for image models")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL lathe liblathe-dev)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/package_files.cmake)
set(CPACK_LATHE_RELEASED ${LATHE_RELEASED})

# Dependencies are read from the programs, but for OpenBLAS, which lathe opens at the first product.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR})
set(products LATHE)
if(BUILD_SHARED_LIBS)
  set(products LIBLATHE0)
  list(APPEND CPACK_COMPONENTS_ALL liblathe0)
  set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
  set(CPACK_COMPONENT_LATHE_DEPENDS liblathe0)
  set(CPACK_COMPONENT_LIBLATHE-DEV_DEPENDS liblathe0)
  set(control ${CMAKE_BINARY_DIR}/generated/debian)
  file(CONFIGURE OUTPUT ${control}/triggers CONTENT "activate-noawait ldconfig\n")
  file(CONFIGURE OUTPUT ${control}/shlibs CONTENT "liblathe 0 liblathe0 (>= ${PROJECT_VERSION})\n")
  set(CPACK_DEBIAN_LIBLATHE0_PACKAGE_CONTROL_EXTRA ${control}/triggers ${control}/shlibs)
  if(LATHE_PYTHON)
    list(APPEND CPACK_COMPONENTS_ALL python3-lathe)
    set(CPACK_COMPONENT_PYTHON3-LATHE_DEPENDS liblathe0)
    set(CPACK_DEBIAN_PYTHON3-LATHE_PACKAGE_DEPENDS "python3, python3-numpy")
    set(CPACK_DEBIAN_PYTHON3-LATHE_PACKAGE_SHLIBDEPS OFF)
    set(CPACK_DEBIAN_PYTHON3-LATHE_PACKAGE_SECTION python)
  endif()
endif()
if(LATHE_BLAS STREQUAL "openblas")
  set(CPACK_DEBIAN_${products}_PACKAGE_DEPENDS "libopenblas0-pthread | libopenblas0")
endif()

foreach(component LATHE LIBLATHE0 LIBLATHE-DEV PYTHON3-LATHE)
  string(TOLOWER ${component} name)
  set(CPACK_DEBIAN_${component}_PACKAGE_NAME ${name})
endforeach()
set(CPACK_COMPONENT_LATHE_DESCRIPTION
"The command lathe trains small image classifiers, compares learning-rate
schedules on the same seeds, finds rates, predicts, and exports and serves what
it has trained. With manual pages, and completion for bash, fish and zsh.")
set(CPACK_COMPONENT_LIBLATHE0_DESCRIPTION
"The shared library: tensors, a tape with layers, optimizers, learning-rate
schedules, data loaders and trained models, in C.")
set(CPACK_COMPONENT_LIBLATHE-DEV_DESCRIPTION
"Headers, a CMake package and a pkg-config file, to build programs.")
set(CPACK_COMPONENT_PYTHON3-LATHE_DESCRIPTION
"The library in Python, in the words that PyTorch has: one file of ctypes and
numpy, with the same numbers as in C.")
set(CPACK_DEBIAN_LIBLATHE0_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBLATHE-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LATHE_PACKAGE_SUGGESTS "dataset-fashion-mnist")
include(CPack)
