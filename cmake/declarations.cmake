# lathe_declarations(out HEADERS...): generate the source of lathe_declarations (core/declarations.h): the
# text of these headers without their comments, after the build's LATHE_REAL and LATHE_THREADS.
function(lathe_declarations out)
  set(text "#define LATHE_REAL ${LATHE_REAL}\n#define LATHE_THREADS ${LATHE_THREADS}\n")
  foreach(header IN LISTS ARGN)
    file(READ ${header} file)
    string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" "" file "${file}")
    string(REGEX REPLACE "#include[^\n]*\n" "" file "${file}")
    string(REGEX REPLACE "[ \n]*\n" "\n" file "${file}")
    string(APPEND text "${file}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
  endforeach()
  set(place ${CMAKE_BINARY_DIR}/generated/declarations)
  file(CONFIGURE OUTPUT ${place}.txt CONTENT "${text}" @ONLY)
  file(READ ${place}.txt bytes HEX)
  string(REPEAT "." 64 row) # digits of 32 bytes
  string(REGEX REPLACE "(${row})" "\\1\n    " bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  file(CONFIGURE OUTPUT ${place}.c CONTENT "/* Generated: the public headers as a string. */
#include \"${CMAKE_SOURCE_DIR}/core/declarations.h\"

static const char declarations[] = {
    ${bytes}0x00
};

const char *lathe_declarations(void) { return declarations; }
" @ONLY)
  set(${out} ${${out}} ${place}.c PARENT_SCOPE)
endfunction()
