/* prepare_words: the command in the overview of commands, which two programs print (mpi/elsewhere.h). */
#ifndef MPI_CLI_PREPARE_WORDS_H
#define MPI_CLI_PREPARE_WORDS_H

#define PREPARE_ARGUMENTS "KIND|--preview DATA.h5 CONFIG"
#define PREPARE_SUMMARY "make a data set that a sweep can read"

#endif
