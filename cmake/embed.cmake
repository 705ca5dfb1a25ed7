# Files as C strings: lathe_embed(out NAME=path ...) generates a source that defines `const unsigned char
# NAME[]`, ended by a zero, for each.
function(lathe_embed out)
  set(text "/* Generated: files as strings. */\n")
  foreach(pair IN LISTS ARGN)
    string(REPLACE "=" ";" pair ${pair})
    list(GET pair 0 name)
    list(GET pair 1 path)
    file(READ ${CMAKE_SOURCE_DIR}/${path} bytes HEX)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${path})
    string(REPEAT "." 64 row) # digits of 32 bytes
    string(REGEX REPLACE "(${row})" "\\1\n    " bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND text "\nextern const unsigned char ${name}[];\n"
      "const unsigned char ${name}[] = {\n    ${bytes}0x00\n};\n")
  endforeach()
  set(file ${CMAKE_BINARY_DIR}/generated/embedded.c)
  file(CONFIGURE OUTPUT ${file} CONTENT "${text}" @ONLY)
  set(${out} ${${out}} ${file} PARENT_SCOPE)
endfunction()
