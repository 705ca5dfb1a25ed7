# What Debian's packages have besides: the licences and the changelog in each, and compressed manual pages.
find_program(GZIP gzip REQUIRED)
get_filename_component(source ${CPACK_RESOURCE_FILE_LICENSE} DIRECTORY)
file(READ ${source}/LICENSE licence)
file(READ ${source}/report/vendor/uplot/LICENSE uplot)
execute_process(COMMAND date -u -R -d ${CPACK_LATHE_RELEASED} OUTPUT_VARIABLE day
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component}${CPACK_PACKAGING_INSTALL_PREFIX}/share)
  set(docs ${root}/doc/${component})
  file(REMOVE_RECURSE ${root}/doc) # where `cmake --install` has the licences
  file(WRITE ${docs}/copyright "${licence}\nuPlot, in the pages of curves:\n\n${uplot}")
  configure_file(${source}/CHANGELOG.md ${docs}/CHANGELOG.md COPYONLY)
  file(WRITE ${docs}/changelog
    "lathe (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n"
    "  * CHANGELOG.md.gz tells of this version.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${day}\n")
  file(GLOB pages ${root}/man/man1/*.1)
  execute_process(COMMAND ${GZIP} -9nf ${docs}/changelog ${docs}/CHANGELOG.md ${pages}
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()
