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


{#- A closed line's or an adjustment's columns as they are hashed: a metric under its former name, where it had one, so that the hash of
    a month that was closed under it stays what it was. `rows` is the relation, joined by metric_name to the relation `former`. -#}
{% macro hashed_columns(rows, columns) -%}
    {%- set expressions = [] -%}
    {%- for column in columns -%}
        {%- if column == 'metric_name' -%}
            {%- do expressions.append('coalesce(former.former_name, ' ~ rows ~ '.metric_name)') -%}
        {%- elif column == 'adjustment_id' -%}
            {%- do expressions.append(renamed_adjustment_id(rows, 'former.former_name')) -%}
        {%- else -%}
            {%- do expressions.append(rows ~ '.' ~ column) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(expressions) }}
{%- endmacro %}


{#- The ID of an adjustment of late knowledge ends with its metric: the ID under another name of the metric, where there is one. -#}
{% macro renamed_adjustment_id(rows, name) -%}
    case
            when {{ name }} is null or {{ rows }}.dispute_id is not null then {{ rows }}.adjustment_id
            else left(
                {{ rows }}.adjustment_id, length({{ rows }}.adjustment_id) - length({{ rows }}.metric_name)
            ) || {{ name }}
        end
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
        closed_lines.{{ key | join(', closed_lines.') }},
        'line' as kind,
        closed_lines.payout,
        {{ row_text(hashed_columns('closed_lines', closed_line_columns())) }} as row_text
    from closed_lines
    left join {{ ref('former_metric_names') }} as former
        on closed_lines.metric_name = former.metric_name

    union all

    select
        closed_adjustments.{{ key | join(', closed_adjustments.') }},
        'adjustment' as kind,
        null as payout,
        {{ row_text(hashed_columns('closed_adjustments', adjustment_columns())) }} as row_text
    from closed_adjustments
    left join {{ ref('former_metric_names') }} as former
        on closed_adjustments.metric_name = former.metric_name

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
