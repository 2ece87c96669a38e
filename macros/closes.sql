{#- The columns of a closed line and of an adjustment: what is frozen, and what the SHA-256 of a period is taken of. -#}
{% macro closed_line_columns() -%}
    {{ return([
        'period', 'user_id', 'team', 'plan_id', 'plan_version', 'metric_name', 'payable_value', 'weight', 'threshold', 'target',
        'cap', 'accelerated_rate', 'attainment', 'proration', 'target_pay', 'payout',
    ]) }}
{%- endmacro %}


{% macro adjustment_columns() -%}
    {{ return([
        'adjustment_id', 'period', 'original_period', 'user_id', 'plan_id', 'plan_version', 'metric_name', 'dispute_id',
        'amount', 'reason',
    ]) }}
{%- endmacro %}


{#- One line of text for a row: its columns, of which none can be mistaken for its neighbour. -#}
{% macro row_text(columns) -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- do texts.append("coalesce(replace(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), '|', '||'), '-')") -%}
    {%- endfor -%}
    {{ texts | join(" || ' | ' || ") }}
{%- endmacro %}


{#- CTEs that give `contents`: of each `key` the closed lines of its period, their number and sum, and the SHA-256 of its lines
    and adjustments. Reads the CTEs `closed_lines` and `closed_adjustments`. -#}
{% macro closed_contents(key) -%}
texts as (

    select
        {{ key | join(', ') }},
        'line' as kind,
        payout,
        {{ row_text(closed_line_columns()) }} as row_text
    from closed_lines

    union all

    select
        {{ key | join(', ') }},
        'adjustment' as kind,
        null as payout,
        {{ row_text(adjustment_columns()) }} as row_text
    from closed_adjustments

),

contents as (

    select
        {{ key | join(', ') }},
        count(payout) as line_count,
        cast(coalesce(sum(payout), 0) as {{ money_type() }}) as payout_total,
        {{ sha256(dbt.listagg("kind || ' ' || row_text", "chr(10)", "order by kind, row_text")) }} as content_sha256
    from texts
    group by {{ key | join(', ') }}

)
{%- endmacro %}


{#- The version of the definitions of pay; a change of the project that moves a paid figure raises it.
    A month that was closed by older definitions is not corrected by newer ones. -#}
{% macro definitions_version() -%}
    2
{%- endmacro %}
