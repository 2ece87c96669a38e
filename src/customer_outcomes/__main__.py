"""The `outcomes` command as a shell starts it: signals are listened to before anything else is loaded."""

from customer_outcomes import signals


def run() -> None:
    """Run the command."""
    signals.listen()
    from customer_outcomes.cli import run as run_command

    run_command()


if __name__ == "__main__":
    run()
