# How a folder of Cloche becomes a target, and the flags that all of them share.
#
#   cloche_folder(NAME DEPS base abi ...)
#
# makes the static library cloche_NAME from the folder's *.cc files, and, from its *_test.cc files,
# the GoogleTest program NAME_test, registered with CTest. *_fuzz.cc files become one program each:
# libFuzzer's under -DCLOCHE_FUZZ=ON, else one that only runs the inputs it is given; CTest runs each
# over its corpus. *_main.cc files are left to the folder. A folder names only folders below it
# (scripts/check-layers checks the includes).

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON)  # TRY() is a statement expression
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Of a shared library only what include/cloche declares can be seen; the headers there say so.
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

option(CLOCHE_WERROR "warnings are errors" ON)
option(CLOCHE_FUZZ "build the fuzz targets" OFF)
set(CLOCHE_SANITIZE "" CACHE STRING "value of -fsanitize=, empty for none")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

# A header of clang's alone that g++ can use, too. Its folder holds clang's intrinsics as well, which
# g++ must not see: hence the copy.
set(CLOCHE_FUZZ_HEADERS ${PROJECT_BINARY_DIR}/fuzz/include)
find_file(CLOCHE_FUZZED_DATA_PROVIDER fuzzer/FuzzedDataProvider.h
  PATHS /usr/lib/llvm-22/lib/clang/22/include NO_DEFAULT_PATH)
if(CLOCHE_FUZZED_DATA_PROVIDER)
  file(COPY ${CLOCHE_FUZZED_DATA_PROVIDER} DESTINATION ${CLOCHE_FUZZ_HEADERS}/fuzzer)
else()
  message(STATUS "no clang-22 with FuzzedDataProvider.h, so no fuzz targets")
endif()

add_library(cloche_flags INTERFACE)
target_include_directories(cloche_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
target_compile_options(cloche_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow
  -fno-strict-aliasing -fstack-protector-strong $<$<BOOL:${CLOCHE_WERROR}>:-Werror>)
# g++ 12 warns wrongly about std::string's own code (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(cloche_flags INTERFACE -Wno-restrict)
endif()
if(CLOCHE_SANITIZE)
  target_compile_options(cloche_flags INTERFACE -fsanitize=${CLOCHE_SANITIZE}
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(cloche_flags INTERFACE -fsanitize=${CLOCHE_SANITIZE})
  target_sources(cloche_flags INTERFACE
    $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:${PROJECT_SOURCE_DIR}/base/asan_options_main.cc>)
endif()
if(CLOCHE_FUZZ)
  target_compile_options(cloche_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(cloche_folder NAME)
  cmake_parse_arguments(F "" "" "DEPS" ${ARGN})
  file(GLOB SOURCES CONFIGURE_DEPENDS *.cc)
  set(TESTS ${SOURCES})
  set(FUZZERS ${SOURCES})
  list(FILTER TESTS INCLUDE REGEX "_test\\.cc$")
  list(FILTER FUZZERS INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER SOURCES EXCLUDE REGEX "_(test|fuzz|bench|main)\\.cc$")
  list(TRANSFORM F_DEPS PREPEND cloche_ OUTPUT_VARIABLE LIBRARIES)
  if(SOURCES)
    add_library(cloche_${NAME} STATIC ${SOURCES})
    target_link_libraries(cloche_${NAME} PUBLIC cloche_flags ${LIBRARIES})
    target_compile_options(cloche_${NAME} PRIVATE -fno-rtti)
    if(NOT NAME STREQUAL "cli")  # CLI11 reports by exceptions; below it there are none
      target_compile_options(cloche_${NAME} PRIVATE -fno-exceptions)
    endif()
  else()
    add_library(cloche_${NAME} INTERFACE)
    target_link_libraries(cloche_${NAME} INTERFACE cloche_flags ${LIBRARIES})
  endif()
  if(TESTS AND BUILD_TESTING)
    find_package(GTest REQUIRED)
    include(GoogleTest)
    add_executable(${NAME}_test ${TESTS})
    target_link_libraries(${NAME}_test PRIVATE cloche_${NAME} GTest::gtest GTest::gtest_main)
    # One CTest test a folder: cases run in one process unless a folder says otherwise.
    add_test(NAME ${NAME}_test COMMAND ${NAME}_test)
  endif()
  if(CLOCHE_FUZZED_DATA_PROVIDER AND (CLOCHE_FUZZ OR BUILD_TESTING))
    foreach(FUZZER ${FUZZERS})
      cloche_fuzz_target(${FUZZER} cloche_${NAME})
    endforeach()
  endif()
endfunction()

function(cloche_fuzz_target SOURCE LIBRARY)
  get_filename_component(STEM ${SOURCE} NAME_WE)
  add_executable(${STEM} ${SOURCE})
  target_link_libraries(${STEM} PRIVATE ${LIBRARY})
  target_include_directories(${STEM} SYSTEM PRIVATE ${CLOCHE_FUZZ_HEADERS})
  if(CLOCHE_FUZZ)
    target_link_options(${STEM} PRIVATE -fsanitize=fuzzer)
    set(REPLAY ${STEM} -runs=0)
  else()
    target_sources(${STEM} PRIVATE ${PROJECT_SOURCE_DIR}/fuzz/replay_main.cc)
    set(REPLAY ${STEM})
  endif()
  if(BUILD_TESTING)
    add_test(NAME ${STEM}_corpus COMMAND ${REPLAY} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${STEM})
    set_tests_properties(${STEM}_corpus PROPERTIES TIMEOUT 300)
  endif()
endfunction()
