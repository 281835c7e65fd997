# What an installed program needs: configurations, networks, recipes, job scripts, documents, manual pages, completion;
# and a Debian package of it (cpack -G DEB in the build directory).

# Manual pages and completion come from the program's own tables.
set(manual ${CMAKE_BINARY_DIR}/manual)
set(shell_words ${CMAKE_BINARY_DIR}/completion)
file(MAKE_DIRECTORY ${shell_words})
add_custom_command(OUTPUT ${manual}/bitfront.1 ${shell_words}/bitfront ${shell_words}/_bitfront
  COMMAND bitfront --manual ${manual}
  COMMAND bitfront --completion bash > ${shell_words}/bitfront
  COMMAND bitfront --completion zsh > ${shell_words}/_bitfront
  COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/mpi/bitfront-run --manual > ${manual}/bitfront-run.1
  DEPENDS bitfront mpi/bitfront-run
  VERBATIM)
add_custom_target(manual ALL DEPENDS ${manual}/bitfront.1)

set(share ${CMAKE_INSTALL_DATADIR}/bitfront)
install(TARGETS bitfront bitfront-prepare)
if(with_mpi)
  install(PROGRAMS mpi/bitfront-run TYPE BIN)
endif()
install(DIRECTORY configs/ DESTINATION ${share}/configs
  FILES_MATCHING PATTERN "*.cfg" PATTERN "*.sbatch" PATTERN "README.md" PATTERN images EXCLUDE)
install(PROGRAMS configs/demo.sh DESTINATION ${share}/configs)
install(DIRECTORY results/examples results/published DESTINATION ${share}/results)
install(DIRECTORY ${manual}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
set(bash_words ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${shell_words}/bitfront DESTINATION ${bash_words})
install(FILES ${shell_words}/bitfront DESTINATION ${bash_words} RENAME bitfront-run)
install(FILES ${shell_words}/_bitfront DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES README.md CHANGELOG.md CITATION.cff TYPE DOC)
install(FILES LICENSE TYPE DOC RENAME copyright)
foreach(document core/METHOD.md core/data/README.md core/deploy/README.md core/strategy/README.md hw_models/README.md
    mpi/README.md results/README.md results/SCHEMA.md)
  get_filename_component(folder ${document} DIRECTORY)
  install(FILES ${document} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME bitfront)
set(CPACK_PACKAGE_CONTACT "the authors of bitfront")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Pareto fronts of mixed-precision convolutional networks")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libopenblas0-pthread | libopenblas0")
if(with_mpi)
  string(APPEND CPACK_DEBIAN_PACKAGE_DEPENDS ", openmpi-bin")
endif()
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gnuplot-nox")
include(CPack)
