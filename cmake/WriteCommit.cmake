# cmake -D SOURCE=… -D HEADER=… -P: the commit that is being built, with a mark where the source was changed since, as
# DEADLETTER_COMMIT. What a program reports is what it was made from, whatever was committed while it ran.
execute_process(COMMAND git describe --always --dirty --exclude * WORKING_DIRECTORY ${SOURCE}
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  set(commit "unknown")
endif()
set(text "#pragma once\n#define DEADLETTER_COMMIT \"${commit}\"\n")
if(EXISTS ${HEADER})
  file(READ ${HEADER} before)
endif()
if(NOT "${before}" STREQUAL "${text}")
  file(WRITE ${HEADER} "${text}")
endif()
