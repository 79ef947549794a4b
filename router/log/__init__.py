"""The durable side: the inbox, the facts and the records of a partition.

`ports` says what a log can do; `memory` and `redis` are two that can, and pass the
same contract tests. Nothing here decides anything: that is the core's.
"""
