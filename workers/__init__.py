"""Workers: perform the effects that facts ask for, at least once."""
