"""What the commands of `voltloom` do. Names and flags are in `cli.py`."""
