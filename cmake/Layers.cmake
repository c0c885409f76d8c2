include(GoogleTest)

# deadletter_layer(NAME [LINK library...]): the current folder becomes one library. Every *.cc beside the
# CMakeLists.txt is in it; every *_test.cc, *_pgtest.cc and *_rmqtest.cc becomes a test program of that
# kind: the suffix says which service it starts for itself (none, PostgreSQL, RabbitMQ).
function(deadletter_layer NAME)
  cmake_parse_arguments(LAYER "" "" "LINK;TEST_LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  list(FILTER sources EXCLUDE REGEX "_(test|pgtest|rmqtest)\\.cc$")
  if(sources)
    add_library(deadletter_${NAME} STATIC ${sources})
    target_link_libraries(deadletter_${NAME} PUBLIC deadletter_flags ${LAYER_LINK})
  else()
    add_library(deadletter_${NAME} INTERFACE)
    target_link_libraries(deadletter_${NAME} INTERFACE deadletter_flags ${LAYER_LINK})
  endif()
  deadletter_tests(${NAME} LINK deadletter_${NAME} ${LAYER_TEST_LINK})
endfunction()

# deadletter_tests(NAME LINK library...): the current folder's test files, one program a kind.
function(deadletter_tests NAME)
  cmake_parse_arguments(TESTS "" "" "LINK" ${ARGN})
  if(NOT DEADLETTER_TESTS)
    return()
  endif()
  foreach(kind test pgtest rmqtest)
    file(GLOB files CONFIGURE_DEPENDS *_${kind}.cc)
    if(NOT files)
      continue()
    endif()
    add_executable(${NAME}_${kind} ${files})
    set_target_properties(${NAME}_${kind} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    target_link_libraries(${NAME}_${kind} PRIVATE ${TESTS_LINK} deadletter_test_support deadletter_faults_on)
    if(NOT kind STREQUAL "test")
      target_link_libraries(${NAME}_${kind} PRIVATE deadletter_test_servers)
    endif()
    target_compile_definitions(${NAME}_${kind} PRIVATE
      DEADLETTER_SOURCE_DIR="${PROJECT_SOURCE_DIR}" DEADLETTER_BINARY_DIR="${PROJECT_BINARY_DIR}")
    # What is tested is optimised as it is shipped; the tests themselves need only be built quickly.
    target_compile_options(${NAME}_${kind} PRIVATE -O0)
    # One ctest entry a program: a program starts its servers once for all its tests.
    add_test(NAME ${NAME}_${kind} COMMAND ${NAME}_${kind})
    if(kind STREQUAL "test")
      set_tests_properties(${NAME}_${kind} PROPERTIES LABELS "unit" TIMEOUT 300)
    else()
      set_tests_properties(${NAME}_${kind} PROPERTIES LABELS "service" TIMEOUT 2400)
    endif()
  endforeach()
endfunction()
