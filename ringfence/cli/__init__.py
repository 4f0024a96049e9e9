"""The ringfence command: one file per subcommand."""
