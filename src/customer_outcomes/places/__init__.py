"""The places where a build reads and writes: paths, locks, the warehouse's file and the published folders."""
