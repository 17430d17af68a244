# Every library comes from Debian; nothing is fetched at configure time.
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(Threads REQUIRED)
# yaml-cpp's target has another name from 0.8 on.
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(idn2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(psl REQUIRED IMPORTED_TARGET libpsl)
pkg_check_modules(md REQUIRED IMPORTED_TARGET libmd)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)

# RE2 without its pkg-config file: in Debian 13 that names all of Abseil, which takes a minute to read, and of which
# RE2's interface needs none at link time but the string view.
find_path(RE2_INCLUDE re2/re2.h REQUIRED)
find_library(RE2_LIBRARY re2 REQUIRED)
find_library(ABSEIL_STRING_VIEW absl_string_view)
add_library(re2::re2 INTERFACE IMPORTED)
target_include_directories(re2::re2 INTERFACE ${RE2_INCLUDE})
target_link_libraries(re2::re2 INTERFACE ${RE2_LIBRARY} $<$<BOOL:${ABSEIL_STRING_VIEW}>:${ABSEIL_STRING_VIEW}>)
