"""The command `gramflow`: one module per subcommand, with `arguments` and `run`."""
