"""The core: what a desk decides, as a pure function of its log.

Theory of operation
-------------------
A desk's `State` takes one `Stamped` command after another through `step`, in the order of
the log, and answers with the facts that followed; `state.dirty` names the records that have
changed. Between commands `tick` lets time pass. The same commands always give the same facts
and records: there is no clock here, no chance, no I/O, and no text of a buyer.

What a shell must do
--------------------
1. Feed each entry of the log once, in the order of its offsets, with the log's clock.
2. Call `tick` only with a clock before which no further entry can come.
3. Commit facts, dirty records and the offset in one atomic step, before anybody is answered;
   on any doubt, throw the `State` away and make it again from the records.
4. Perform effects (`delivery_requested`) from committed facts only.
"""
