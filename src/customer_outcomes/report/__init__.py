"""The output of a build on the terminal: its progress and its summary."""
