"""The entry point of the `outcomes` command, which handles signals before it loads anything else."""

from customer_outcomes import signals


def run() -> None:
    """Run the command."""
    signals.listen()
    from customer_outcomes.cli import run as run_command

    run_command()


if __name__ == "__main__":
    run()
