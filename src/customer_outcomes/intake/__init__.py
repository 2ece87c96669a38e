"""The intake: checks a folder of files, connects it as raw relations, and counts its faults."""
