"""A company's rule files: reads them strictly, checks them before anything is built, and writes them for dbt."""
