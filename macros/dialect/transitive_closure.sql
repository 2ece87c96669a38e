{#- A query of all pairs (from_column, reached_id): reached_id is reached from from_column in one or more steps. -#}
{% macro transitive_closure(relation, from_column, to_column) -%}
    {{ return(adapter.dispatch('transitive_closure')(relation, from_column, to_column)) }}
{%- endmacro %}

{% macro default__transitive_closure(relation, from_column, to_column) -%}
with recursive closure as (

        select
            {{ from_column }},
            {{ to_column }} as reached_id
        from {{ relation }}

        union

        select
            closure.{{ from_column }},
            {{ relation }}.{{ to_column }} as reached_id
        from closure
        inner join {{ relation }}
            on closure.reached_id = {{ relation }}.{{ from_column }}

    )

    select * from closure
{%- endmacro %}
