"""The Python of the customer_outcomes warehouse: the `outcomes` command, and the steps of a build outside SQL."""
