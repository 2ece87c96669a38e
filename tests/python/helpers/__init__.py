"""What several tests use: builds by the command, compiled models, files, and companies made by hand."""
