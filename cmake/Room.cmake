# gapferry_room(NAME USES rooms… LINKS libraries…): the folder src/NAME is the library gapferry_NAME.
# A room sees the headers of the rooms it names and of those they name, and no others: each room's headers are
# reached through a folder of its own that holds only a link to that room, so an include that is no arrow of the
# design does not compile.
function(gapferry_room name)
  cmake_parse_arguments(ROOM "" "" "USES;LINKS;PRIVATE_LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(gapferry_${name} STATIC ${sources})
  set(view ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${name} ${view}/${name} SYMBOLIC)
  target_include_directories(gapferry_${name} PUBLIC ${view})
  list(TRANSFORM ROOM_USES PREPEND gapferry_)
  target_link_libraries(gapferry_${name}
    PUBLIC ${ROOM_USES} ${ROOM_LINKS}
    PRIVATE gapferry_flags ${ROOM_PRIVATE_LINKS})
endfunction()

# gapferry_program(NAME ROOM): the binary NAME from src/ROOM/main.cpp.
function(gapferry_program name room)
  add_executable(${name} ${CMAKE_CURRENT_SOURCE_DIR}/${room}/main.cpp)
  target_link_libraries(${name} PRIVATE gapferry_${room} gapferry_flags)
endfunction()
