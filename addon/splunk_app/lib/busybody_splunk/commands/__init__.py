"""The search commands, one module each with a function `command()`; `launch` finds them by name."""
