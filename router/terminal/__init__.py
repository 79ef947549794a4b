"""The commands of `zhiban`, a module each: `add` declares its options, `run` does it.

`run` gives the exit status, or raises `Failed` with the one line that says why. What a command
needs of the program is imported when it runs, so that each starts fast and stands alone.
"""
