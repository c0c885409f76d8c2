# deadletter_embed_text(TARGET library FILE file NAMESPACE namespace NAME name): makes a library of one file of text, so that the
# program carries it. Its header, to be included as "<path of the file under src, without its ending>_text.h", has the constant
# `name`, a std::string_view, in the namespace given.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(DEADLETTER_EMBED_TEXT_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

  function(deadletter_embed_text)
    cmake_parse_arguments(EMBED "" "TARGET;FILE;NAMESPACE;NAME" "" ${ARGN})
    get_filename_component(file ${EMBED_FILE} ABSOLUTE)
    file(RELATIVE_PATH place ${PROJECT_SOURCE_DIR}/src ${file})
    string(REGEX REPLACE "\\.[^./]*$" "" stem ${place})
    set(include ${PROJECT_BINARY_DIR}/embedded_text)
    set(header ${include}/${stem}_text.h)
    add_custom_command(
      OUTPUT ${header}
      COMMAND ${CMAKE_COMMAND} -DFILE=${file} -DPLACE=${place} -DHEADER=${header} -DNAMESPACE=${EMBED_NAMESPACE}
              -DNAME=${EMBED_NAME} -P ${DEADLETTER_EMBED_TEXT_SCRIPT}
      DEPENDS ${file} ${DEADLETTER_EMBED_TEXT_SCRIPT} ${PROJECT_SOURCE_DIR}/cmake/Literal.cmake
      COMMENT "Embedding ${place}" VERBATIM)
    deadletter_embedded_header(${EMBED_TARGET} ${header} ${include})
  endfunction()
  return()
endif()

include(${CMAKE_CURRENT_LIST_DIR}/Literal.cmake)
literal(${FILE} text)
set(code "// Made by cmake/EmbedText.cmake from ${PLACE}.\n#pragma once\n\n#include <string_view>\n\nnamespace ${NAMESPACE} {\n\n")
# Our compilers take longer literals than the 65,536 bytes that all must take; clang, pedantic, says so.
string(APPEND code "#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n")
string(APPEND code "inline constexpr std::string_view ${NAME} = ${text};\n#pragma GCC diagnostic pop\n\n")
string(APPEND code "}  // namespace ${NAMESPACE}\n")
file(WRITE ${HEADER} "${code}")
