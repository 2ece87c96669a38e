"""The outputs for the finance team: the workbook of pay, and the trace of a payout."""
