"""What finance reads: the workbook of pay and the trace of a payout."""
