"""What a person sees of a build: its progress and its summary."""
