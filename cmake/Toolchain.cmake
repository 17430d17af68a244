# Warnings, hardening and sanitizers, as one interface target that every room links.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(gapferry_flags INTERFACE)
target_compile_options(gapferry_flags INTERFACE
  -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wvla
  -Woverloaded-virtual -Wnon-virtual-dtor -Wimplicit-fallthrough -Wundef -Wold-style-cast
  -fno-strict-aliasing -ftrivial-auto-var-init=zero)
# Several files make one unit (CMAKE_UNITY_BUILD, in the presets), which builds in a third of the time. There a name
# of one file may hide one of another, and GCC takes a file's own types for those of a header; built one by one, as
# tools/lint does, all warnings are on.
if(CMAKE_UNITY_BUILD)
  target_compile_options(gapferry_flags INTERFACE
    -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(gapferry_flags INTERFACE
    -Wduplicated-cond -Wlogical-op -Wsuggest-override
    # GCC 12 sees overlapping copies in std::string where there are none (GCC bug 105651).
    -Wno-restrict
    # GCC up to 13.2 may reuse the stack slot of an object that is still in use (GCC bug 90348).
    -fstack-reuse=none)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  target_compile_options(gapferry_flags INTERFACE
    -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang)
endif()

if(GAPFERRY_SANITIZE)
  add_compile_options(-fsanitize=${GAPFERRY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${GAPFERRY_SANITIZE})
  # Forty programs full of instrumentation: LLVM's linker takes a quarter of the time.
  find_program(GAPFERRY_LLD ld.lld)
  if(GAPFERRY_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_link_options(-fuse-ld=lld)
  endif()
  # Whether an object is of its type is looked up through a pipe, which the sandbox forbids; every exception caught in
  # the confined reader would be reported.
  add_compile_options(-fno-sanitize=vptr)
  target_compile_definitions(gapferry_flags INTERFACE GAPFERRY_SANITIZED=1)
  # Instrumented, GCC 12 takes fmt's buffers for uninitialised.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(gapferry_flags INTERFACE -Wno-uninitialized -Wno-maybe-uninitialized)
  endif()
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  # The test programs themselves are not optimised (GAPFERRY_TEST): what they test is, and they build in two thirds
  # of the time.
  set(is_test $<BOOL:$<TARGET_PROPERTY:GAPFERRY_TEST>>)
  target_compile_options(gapferry_flags INTERFACE
    -U_FORTIFY_SOURCE $<IF:${is_test},-O0,-D_FORTIFY_SOURCE=3> -fstack-protector-strong -fcf-protection=full
    -fstack-clash-protection)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(gapferry_flags INTERFACE _GLIBCXX_ASSERTIONS)
endif()
if(GAPFERRY_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--as-needed)

# The same sources give the same binary wherever they lie.
target_compile_options(gapferry_flags INTERFACE -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
