"""A desk's rules, to be read and changed by people: what there is, what a change would do, and
the change itself in the configuration's file, which keeps its comments and its order.

`keys` names every number and text of the rules, `values` reads them off a desk, `changes` says
the difference of two desks in words, `document` edits the TOML, and `editor` puts it together.
"""

from router.policy_editing.changes import describe, differences, other_changes
from router.policy_editing.document import Edit
from router.policy_editing.editor import (
    Changed,
    Editor,
    Fault,
    Given,
    NotEditable,
    NotUnderstood,
    Stale,
    Standing,
    Tried,
)
from router.policy_editing.keys import GROUPS, Key, Words, catalogue
from router.policy_editing.values import DEFAULTS, Value, is_there, read, say

__all__ = [
    "DEFAULTS",
    "GROUPS",
    "Changed",
    "Edit",
    "Editor",
    "Fault",
    "Given",
    "Key",
    "NotEditable",
    "NotUnderstood",
    "Stale",
    "Standing",
    "Tried",
    "Value",
    "Words",
    "catalogue",
    "describe",
    "differences",
    "is_there",
    "other_changes",
    "read",
    "say",
]
