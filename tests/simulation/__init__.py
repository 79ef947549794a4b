"""Seeded fault simulation: two processes over one log in virtual time, and an auditor.

`world` makes a desk by chance; `people` and `platform` act; `network` and `process` break
things; `auditor` (plain code of its own, on committed facts) and `reckoning` (the replay)
say what is wrong. `python -m tests.simulation SEED` shows one seed.
"""
