# On aarch64 gcc would load numbers of register tiles early, more than its 32 registers hold.
set(LATHE_AARCH64_KERNELS -fno-schedule-insns)

# Every file of core/kernels but select.c is compiled once an instruction set; select.c chooses at start.
function(lathe_add_kernels target)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/core/kernels/*.c)
  set(select ${CMAKE_SOURCE_DIR}/core/kernels/select.c)
  list(REMOVE_ITEM sources ${select})
  target_sources(${target} PRIVATE ${select})

  set(isas base)
  set(flags_base)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    list(APPEND isas avx2 avx512)
    set(flags_avx2 -mavx2 -mfma)
    set(flags_avx512 -mavx2 -mfma -mavx512f -mavx512dq -mavx512bw -mavx512vl -mprefer-vector-width=512)
    set_source_files_properties(${select} PROPERTIES COMPILE_DEFINITIONS LATHE_X86_KERNELS)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    set(flags_base ${LATHE_AARCH64_KERNELS})
  endif()
  # With UBSan's checks of each pointer these loops would run at half speed; AddressSanitizer sees a wrong one
  # all the same.
  set(sanitize)
  if(LATHE_SANITIZE MATCHES "address")
    set(sanitize -fno-sanitize=pointer-overflow,alignment,object-size,null)
  endif()
  foreach(isa IN LISTS isas)
    add_library(kernels_${isa} OBJECT ${sources})
    target_compile_definitions(kernels_${isa} PRIVATE LATHE_ISA_NAME=${isa} LATHE_REAL=${LATHE_REAL})
    target_compile_options(kernels_${isa} PRIVATE
      ${LATHE_WARNINGS} -Wno-psabi SHELL:-U_FORTIFY_SOURCE -ffp-contract=fast ${flags_${isa}} ${sanitize})
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:kernels_${isa}>)
  endforeach()
endfunction()
