"""``python -m aestream``: the command line."""

from aestream.cli import main

main()
