"""The oracle: a second, independent computation of every figure, in plain Python, that tests compare builds with.

It was written from the definitions alone, without a look at the SQL of the warehouse: from the input contract,
docs/metrics.md ("M0" to "M11") and the descriptions of the published relations. A misreading on either side therefore
shows as a difference. It is slow and literal on purpose: exact arithmetic (Decimal, Fraction), one function a
rule, the words of the rule beside it. "READING" marks each place where the definitions leave a choice.

Its parts, each of which imports only parts above it:

- basics: cents, months, groups and rates
- local_time: local clocks and their changes
- files: the files of a delivery, and the types and forms of values
- received, faults, world: the state of every row, by the seven steps of the input contract, merges and teams
- transactions, people, satisfaction, customers: M1 to M3
- clock, statistics: working time, means and waiting times
- ratings, usage, support: M2, M4, M5 and M6
- forecasts: M11
- subscriptions, campaigns, saturation, handoffs, recommendations, outcomes: M1, M7, M8 and M9
- metric_months: the months of the metrics and of pay, from the first fact on
- credit, compensation: M10
- metric_formulas, ppp_summary, metric_values: the shared metrics of M0 and M10
- compute: all relations of one build

One more part, csv, is independent of these: it reads a CSV file byte by byte.
"""
