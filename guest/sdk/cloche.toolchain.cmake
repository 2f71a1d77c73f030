# CMake toolchain file for guest programs: cmake -DCMAKE_TOOLCHAIN_FILE=<sysroot>/share/cloche.toolchain.cmake
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR wasm32)

get_filename_component(CLOCHE_SYSROOT "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
set(CMAKE_C_COMPILER "${CLOCHE_SYSROOT}/bin/cloche-cc")
set(CMAKE_CXX_COMPILER "${CLOCHE_SYSROOT}/bin/cloche-c++")
set(CMAKE_AR "${CLOCHE_SYSROOT}/bin/cloche-ar" CACHE FILEPATH "")
set(CMAKE_RANLIB "${CLOCHE_SYSROOT}/bin/cloche-ranlib" CACHE FILEPATH "")
set(CMAKE_NM "${CLOCHE_SYSROOT}/bin/cloche-nm" CACHE FILEPATH "")
set(CMAKE_STRIP "${CLOCHE_SYSROOT}/bin/cloche-strip" CACHE FILEPATH "")

# Programs of the host, headers and libraries of the guest.
set(CMAKE_FIND_ROOT_PATH "${CLOCHE_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

set_property(GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS FALSE)
