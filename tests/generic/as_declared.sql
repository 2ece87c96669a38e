{#- The rows of a seed of rules that break the seed's meta: a required value is empty, a value is not in the list of
    values, or two rows have the same key. -#}
{% test as_declared(model) %}
{%- if execute -%}
{%- set rule = graph.nodes['seed.' ~ project_name ~ '.' ~ model.identifier] -%}
{%- set key = rule.config.meta.key -%}
with

judged as (

    select
        {{ key | join(', ') }},
        case
            {%- for column in rule.columns.values() if column.config.meta.required %}
            when {{ column.name }} is null then '{{ column.name }} is empty.'
            {%- endfor %}
            {%- for column in rule.columns.values() if 'values' in column.config.meta %}
            {%- set values = column.config.meta['values'] %}
            when {{ column.name }} not in ('{{ values | join("', '") }}')
                then '{{ column.name }} is ' || {{ column.name }} || ', and not one of {{ values | join(", ") }}.'
            {%- endfor %}
        end as fault
    from {{ model }}

    union all

    select
        {{ key | join(', ') }},
        'there is more than one row with this key.' as fault
    from {{ model }}
    group by {{ key | join(', ') }}
    having count(*) > 1

)

select
    '{{ model.identifier }}.csv'
    {%- for column in key %}
    || '{{ "," if not loop.first else ":" }} {{ column }} '
    || coalesce(cast({{ column }} as {{ dbt.type_string() }}), '-')
    {%- endfor %}
    || ': ' || fault as fault
from judged
where fault is not null
{%- endif -%}
{% endtest %}
