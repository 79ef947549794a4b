"""Process settings and desks from TOML files, checked as a whole (DESIGN 12).

`load` gives what the daemon runs on, `load_desk` one desk for a simulation, `check` what to
say of any file. Nothing here connects to anything. Called by the command line and the daemon.
"""

from router.settings.load import Loaded, check, fresh_secret, load, load_desk
from router.settings.problems import ConfigError, Problem
from router.settings.process import EXAMPLE_SECRET, Settings, ShopAccess

__all__ = [
    "EXAMPLE_SECRET",
    "ConfigError",
    "Loaded",
    "Problem",
    "Settings",
    "ShopAccess",
    "check",
    "fresh_secret",
    "load",
    "load_desk",
]
