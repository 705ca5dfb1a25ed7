# What lathe is linked with. Each library but the C library can be left out by a build option.

# Modules found through pkg-config, as NAME=module: cmake/install.cmake hands the list on to whoever uses the
# library.
set(LATHE_MODULES)
find_package(PkgConfig QUIET)
if(LATHE_STATIC)
  if(LATHE_BLAS STREQUAL "openblas" OR BUILD_SHARED_LIBS)
    message(FATAL_ERROR "LATHE_STATIC opens no shared library: build with LATHE_BLAS=linked or "
      "LATHE_BLAS=plain, and without BUILD_SHARED_LIBS")
  endif()
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()

# lathe_find(NAME module package WANTED option loss): find the module where it is WANTED. One that is missing
# ends the configuration, and one that is left out is announced; both name the `option` and what is lost by
# it.
function(lathe_find name module package wanted option loss)
  if(NOT wanted)
    message(STATUS "${option}: ${loss}")
    return()
  endif()
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(${name} IMPORTED_TARGET ${module})
  endif()
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "${module} was not found (Debian's package: ${package}). Install it with pkg-config, "
      "or build with -D${option}: ${loss}")
  endif()
endfunction()

# The same, and link what was found.
function(lathe_module name module package wanted option loss)
  lathe_find(${name} ${module} ${package} "${wanted}" ${option} "${loss}")
  if(wanted)
    target_link_libraries(lathe PRIVATE PkgConfig::${name})
    set(LATHE_MODULES ${LATHE_MODULES} ${name}=${module} PARENT_SCOPE)
  endif()
endfunction()

lathe_module(ZLIB zlib zlib1g-dev ${LATHE_ZLIB} LATHE_ZLIB=OFF
  "gzipped data sets cannot be read, and the pictures of a page are larger")
lathe_module(CJSON libcjson libcjson-dev ${LATHE_JSON} LATHE_JSON=OFF
  "no command has --json, and a comparison cannot be shown or carried on later")
string(COMPARE EQUAL ${LATHE_JPEG} turbo turbo)
if(LATHE_JPEG STREQUAL "stb")
  message(STATUS "LATHE_JPEG=stb: JPEG files are read by stb_image, which is not safe with untrusted files")
else()
  lathe_module(JPEG libjpeg libjpeg62-turbo-dev ${turbo} LATHE_JPEG=none "JPEG files cannot be read")
endif()
# OpenBLAS is opened by the path that it has here, or by its name; core/blas_openblas.c says why.
set(openblas OPENBLAS openblas libopenblas-pthread-dev)
set(loss LATHE_BLAS=plain "matrix products run at a fraction of their speed")
if(LATHE_BLAS STREQUAL "linked")
  lathe_module(${openblas} ON ${loss})
  target_compile_definitions(lathe PRIVATE LATHE_BLAS_LINKED)
elseif(LATHE_BLAS STREQUAL "openblas")
  lathe_find(${openblas} ON ${loss})
  get_target_property(files PkgConfig::OPENBLAS INTERFACE_LINK_LIBRARIES)
  list(GET files 0 file)
  get_filename_component(folder ${file} DIRECTORY)
  set(LATHE_OPENBLAS ${folder}/libopenblas.so.0)
  target_include_directories(lathe PRIVATE ${OPENBLAS_INCLUDE_DIRS})
  target_link_libraries(lathe PRIVATE ${CMAKE_DL_LIBS})
  set_source_files_properties(core/blas_openblas.c PROPERTIES
    COMPILE_DEFINITIONS LATHE_OPENBLAS="${LATHE_OPENBLAS}")
else()
  lathe_find(${openblas} OFF ${loss})
endif()
if(LATHE_PNG STREQUAL "none")
  message(STATUS "LATHE_PNG=none: PNG and BMP files cannot be read")
else()
  find_path(LATHE_STB stb/stb_image.h)
  if(NOT LATHE_STB)
    message(FATAL_ERROR "stb/stb_image.h was not found (Debian's package: libstb-dev). Install it, or build "
      "with -DLATHE_PNG=none: PNG and BMP files cannot be read")
  endif()
endif()
if(LATHE_MPI)
  if(NOT LATHE_THREADS STREQUAL "posix")
    message(FATAL_ERROR "LATHE_MPI=ON needs threads: build with LATHE_THREADS=posix")
  endif()
  if(LATHE_STATIC)
    message(FATAL_ERROR "LATHE_MPI=ON needs shared libraries: build without LATHE_STATIC")
  endif()
  find_package(MPI COMPONENTS C)
  if(NOT MPI_C_FOUND)
    message(FATAL_ERROR "MPI was not found (Debian's packages: libopenmpi-dev, or libmpich-dev). Install "
      "one, or build with -DLATHE_MPI=OFF: lathe runs on one machine")
  endif()
  target_link_libraries(lathe PRIVATE MPI::MPI_C)
endif()
# Of the command alone; the library knows no network.
if(LATHE_HTTP AND NOT LATHE_THREADS STREQUAL "posix")
  message(STATUS "LATHE_THREADS=none: no `serve`, and no command has --live")
  set(LATHE_HTTP OFF)
endif()
lathe_find(MICROHTTPD libmicrohttpd libmicrohttpd-dev ${LATHE_HTTP} LATHE_HTTP=OFF
  "no `serve`, and no command has --live")

target_link_libraries(lathe PRIVATE m)
target_compile_definitions(lathe PRIVATE
  $<$<BOOL:${LATHE_ZLIB}>:LATHE_ZLIB> $<$<BOOL:${LATHE_JSON}>:LATHE_JSON>)
if(LATHE_THREADS STREQUAL "posix")
  find_package(Threads REQUIRED)
  target_link_libraries(lathe PUBLIC Threads::Threads)
else()
  message(STATUS "LATHE_THREADS=none: every command uses one processor")
  target_compile_definitions(lathe PRIVATE LATHE_THREADS_NONE)
endif()
