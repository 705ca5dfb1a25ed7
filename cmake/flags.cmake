# Warnings for our own code, and flags that decide what the numbers are: contraction into FMA and nothing else
# of -ffast-math. A field that is left out is zero, which means its default.
set(LATHE_WARNINGS -Wall -Wextra -Wno-missing-field-initializers -Wpedantic -Wconversion -Wshadow
  -Wstrict-prototypes -Wmissing-prototypes)
if(LATHE_WERROR)
  list(APPEND LATHE_WARNINGS -Werror)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O3 -DNDEBUG")
add_compile_options(-fno-math-errno)
# Checked copies and prints, and tables of addresses that are read-only once the program runs. Not with
# sanitizers, which check more; cmake/kernels.cmake leaves the kernels out. WebAssembly keeps the stack of
# calls apart from memory, and has vectors of four numbers. Its size_t has 32 bits.
if(EMSCRIPTEN)
  list(APPEND LATHE_WARNINGS -Wno-shorten-64-to-32)
  add_compile_options(-msimd128)
else()
  add_compile_options(-fstack-protector-strong)
endif()
if(NOT LATHE_SANITIZE AND NOT EMSCRIPTEN)
  add_compile_options("$<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
  add_link_options(-Wl,-z,relro,-z,now)
endif()
if(LATHE_SANITIZE)
  add_compile_options(-fsanitize=${LATHE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LATHE_SANITIZE})
endif()
if(LATHE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
