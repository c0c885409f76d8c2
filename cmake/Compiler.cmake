# One set of flags for everything that we write; warnings are errors so that none is ever "known".
find_program(CCACHE ccache)
if(CCACHE)
  # What was compiled in one checkout need not be compiled again in another.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
    CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
# Under a sanitizer: optimised enough to be run at full size, lines and no variables, and the library's own checks.
set(CMAKE_CXX_FLAGS_SANITIZE "-O1 -g1 -D_GLIBCXX_ASSERTIONS")

add_library(deadletter_flags INTERFACE)
target_compile_options(deadletter_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wunused
  -Wnull-dereference -Wimplicit-fallthrough -Wswitch-enum -Werror)
target_include_directories(deadletter_flags INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
target_compile_definitions(deadletter_flags INTERFACE DEADLETTER_VERSION="${PROJECT_VERSION}")

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12 inside std::string and std::variant at -O2 (GCC bugs 105329, 105562, 105651), more of them with
  # precompiled headers, whose code is no system header's any more. What they are for, the sanitizers see when it happens.
  target_compile_options(deadletter_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-null-dereference
    -Wno-array-bounds -Wno-stringop-overread -Wno-stringop-overflow)
endif()

# What ccache needs to know precompiled headers again.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(DEADLETTER_PRECOMPILE_OPTIONS -fpch-preprocess)
else()
  set(DEADLETTER_PRECOMPILE_OPTIONS "SHELL:-Xclang -fno-pch-timestamp")
endif()
# What is tested is optimised as it is shipped; the tests themselves need only be built quickly. Programs and libraries of theirs
# are compiled alike, so that all of them share one set of precompiled headers.
set(DEADLETTER_TEST_OPTIONS -O0 -fPIC ${DEADLETTER_PRECOMPILE_OPTIONS})

if(CMAKE_UNITY_BUILD)
  # It tells a file's own from what it includes by the file's name, and takes the files of a unit for headers.
  target_compile_options(deadletter_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()

if(DEADLETTER_SANITIZE)
  foreach(sanitizer IN LISTS DEADLETTER_SANITIZE)
    add_compile_options(-fsanitize=${sanitizer} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${sanitizer})
  endforeach()
  add_compile_options(-fno-sanitize-recover=all)
  add_compile_definitions(DEADLETTER_SANITIZED)
  if(DEADLETTER_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # g++ warns of every fence that it cannot follow, Asio's among them
  endif()
endif()

if(DEADLETTER_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # what a fuzzer follows; its own main is linked by the targets
endif()
