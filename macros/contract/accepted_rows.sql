{#- The accepted records of one input table. Facts and dimensions read only these. -#}
{% macro accepted_rows(resolved) %}
select * from {{ resolved }} where row_state = 'accepted'
{% endmacro %}
