# deadletter_embed_sql(TARGET library FOLDER folder NAMESPACE namespace): makes a library of the .sql files below
# `folder`, so that the program carries them. Its header, to be included as "<path of folder under src>/sql.h", has
#   kSomeName            a std::string_view for sql/some_name.sql
#   kMigrations          a std::array of deadletter::Migration for migrations/NNN_name.sql, in the order of NNN
# in the namespace given. A statement that does not exist does not compile.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(DEADLETTER_EMBED_SQL_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

  # The library of one header that the build makes.
  function(deadletter_embedded_header target header include)
    add_custom_target(${target}_header DEPENDS ${header})
    if(NOT TARGET deadletter_embedded_headers)
      add_custom_target(deadletter_embedded_headers)  # all of them, for those who read the source without building it
    endif()
    add_dependencies(deadletter_embedded_headers ${target}_header)
    add_library(${target} INTERFACE)
    add_dependencies(${target} ${target}_header)
    target_sources(${target} INTERFACE ${header})
    target_include_directories(${target} INTERFACE ${include})
  endfunction()

  function(deadletter_embed_sql)
    cmake_parse_arguments(EMBED "" "TARGET;FOLDER;NAMESPACE" "" ${ARGN})
    get_filename_component(folder ${EMBED_FOLDER} ABSOLUTE)
    file(RELATIVE_PATH place ${PROJECT_SOURCE_DIR}/src ${folder})
    file(GLOB files CONFIGURE_DEPENDS ${folder}/sql/*.sql ${folder}/migrations/*.sql)
    set(include ${PROJECT_BINARY_DIR}/embedded_sql)
    set(header ${include}/${place}/sql.h)
    add_custom_command(
      OUTPUT ${header}
      COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DHEADER=${header} -DNAMESPACE=${EMBED_NAMESPACE}
              -P ${DEADLETTER_EMBED_SQL_SCRIPT}
      DEPENDS ${files} ${DEADLETTER_EMBED_SQL_SCRIPT} ${PROJECT_SOURCE_DIR}/cmake/Literal.cmake
      COMMENT "Embedding the SQL of ${place}" VERBATIM)
    deadletter_embedded_header(${EMBED_TARGET} ${header} ${include})
  endfunction()
  return()
endif()

include(${CMAKE_CURRENT_LIST_DIR}/Literal.cmake)

function(constant_name file variable)
  string(REGEX MATCHALL "[a-z0-9]+" words "${file}")
  set(name "k")
  foreach(word IN LISTS words)
    string(SUBSTRING ${word} 0 1 first)
    string(SUBSTRING ${word} 1 -1 rest)
    string(TOUPPER ${first} first)
    string(APPEND name ${first}${rest})
  endforeach()
  set(${variable} ${name} PARENT_SCOPE)
endfunction()

set(code "// Made by cmake/EmbedSql.cmake from the .sql files.\n#pragma once\n\n#include <array>\n#include <string_view>\n\n")
string(APPEND code "#include \"base/migration.h\"\n\nnamespace ${NAMESPACE} {\n\n")

file(GLOB statements ${FOLDER}/sql/*.sql)
list(SORT statements)
foreach(path IN LISTS statements)
  get_filename_component(stem ${path} NAME_WE)
  constant_name(${stem} name)
  literal(${path} text)
  string(APPEND code "inline constexpr std::string_view ${name} = ${text};\n")
endforeach()

file(GLOB migrations ${FOLDER}/migrations/*.sql)
list(SORT migrations)
list(LENGTH migrations count)
string(APPEND code "\ninline constexpr std::array<deadletter::Migration, ${count}> kMigrations = {{\n")
foreach(path IN LISTS migrations)
  get_filename_component(stem ${path} NAME_WE)
  if(NOT stem MATCHES "^0*([1-9][0-9]*)_(.+)$")
    message(FATAL_ERROR "${path}: a migration is called NNN_name.sql")
  endif()
  set(version ${CMAKE_MATCH_1})
  set(name ${CMAKE_MATCH_2})
  literal(${path} text)
  string(APPEND code "    {${version}, \"${name}\", ${text}},\n")
endforeach()
string(APPEND code "}};\n\n}  // namespace ${NAMESPACE}\n")
file(WRITE ${HEADER} "${code}")
