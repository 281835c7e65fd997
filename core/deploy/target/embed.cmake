# Makes a C file of the texts of int_kernels, which the program writes into what it exports:
# cmake -DFOLDER=... -DOUT=NAME.c -P embed.cmake
set(code "#include \"core/deploy/export_kernels.h\"\n")
foreach(part h c)
  file(READ ${FOLDER}/int_kernels.${part} text)
  string(REPLACE "core/deploy/target/" "" text "${text}")
  file(WRITE ${OUT}.${part}.text "${text}")
  file(READ ${OUT}.${part}.text bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1, " bytes "${bytes}")
  string(APPEND code "const char export_kernels_${part}[] = { ${bytes}0 };\n")
endforeach()
file(WRITE ${OUT} "${code}")
