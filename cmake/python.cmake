# python/lathe.py, and the shared library that it calls. Where the library is an archive, the same objects are
# linked once more, as a shared library. Both lie in python/ of the build's folder.
lathe_declarations(LATHE_DECLARATIONS ${public})
target_sources(lathe PRIVATE ${LATHE_DECLARATIONS})

if(NOT LATHE_PYTHON OR LATHE_SANITIZE OR LATHE_STATIC OR CMAKE_CROSSCOMPILING)
  return()
endif()
set(folder ${CMAKE_BINARY_DIR}/python)
file(MAKE_DIRECTORY ${folder})
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/python/lathe.py ${folder}/lathe.py SYMBOLIC)
get_target_property(type lathe TYPE)
if(type STREQUAL SHARED_LIBRARY)
  file(CREATE_LINK ${CMAKE_BINARY_DIR}/liblathe.so.0 ${folder}/liblathe.so.0 SYMBOLIC)
else()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/shared.c CONTENT "typedef int lathe_shared;\n")
  add_library(lathe_shared SHARED ${CMAKE_BINARY_DIR}/generated/shared.c)
  set_target_properties(lathe_shared PROPERTIES OUTPUT_NAME lathe VERSION ${PROJECT_VERSION} SOVERSION 0
    LIBRARY_OUTPUT_DIRECTORY ${folder} LINK_DEPENDS "$<TARGET_FILE:lathe>;${LATHE_MAP}")
  lathe_run_path(lathe_shared)
  target_link_options(lathe_shared PRIVATE -Wl,--version-script=${LATHE_MAP}
    -Wl,--whole-archive $<TARGET_FILE:lathe> -Wl,--no-whole-archive)
  target_link_libraries(lathe_shared PRIVATE lathe)
  # Without liblathe.so, the name for linking, so that C programs still take the archive.
  install(TARGETS lathe_shared
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT python3-lathe NAMELINK_SKIP)
endif()
set(LATHE_PYTHON_DIR ${CMAKE_INSTALL_DATADIR}/lathe/python CACHE STRING "Where lathe.py is installed")
install(FILES python/lathe.py DESTINATION ${LATHE_PYTHON_DIR} COMPONENT python3-lathe)
install(FILES python/example.py DESTINATION ${CMAKE_INSTALL_DATADIR}/lathe/python COMPONENT python3-lathe)
