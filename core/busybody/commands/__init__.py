"""The commands, one file each, named in `cli.COMMANDS`: `add(subparsers)` and `run(arguments) -> exit code`."""
