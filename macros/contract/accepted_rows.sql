{#- The accepted records of one input table: what facts and dimensions are made of. -#}
{% macro accepted_rows(resolved) %}
select * from {{ resolved }} where row_state = 'accepted'
{% endmacro %}
