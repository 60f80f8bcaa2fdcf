"""`python -m voltloom`: the same as the command."""

from voltloom.cli import main

main()
