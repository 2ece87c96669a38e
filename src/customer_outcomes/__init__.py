"""The Python of the customer_outcomes warehouse: the `outcomes` command, and the parts of a build beside SQL."""
