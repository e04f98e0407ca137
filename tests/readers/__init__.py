"""Other projects' readers on the files that we write; run by .ci/readers."""
