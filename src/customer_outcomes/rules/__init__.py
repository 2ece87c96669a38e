"""A company's rules: read strictly, checked before anything is built, and written as dbt loads them."""
