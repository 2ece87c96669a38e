{#- Loads the rows of a seed exactly as they stand in its file. With dbt's macro the engine would guess the quotes
    and the order of day and month. -#}
{% macro duckdb__load_csv_rows(model, agate_table) %}
    {%- set statement -%}
        copy {{ this.render() }} from '{{ adapter.get_seed_file_path(model) | replace("'", "''") }}'
        (format csv, header true, delimiter ',', quote '"', escape '"', nullstr '', auto_detect false)
    {%- endset -%}
    {%- do adapter.add_query(statement, abridge_sql_log=True) -%}
    {{ return(statement) }}
{% endmacro %}
