{#- The columns that are frozen when a month closes: those of a closed line, and below those of an adjustment. The
    SHA-256 of a period covers exactly these columns. -#}
{% macro closed_line_columns() -%}
    {{ return([
        'period', 'user_id', 'team', 'plan_id', 'plan_version', 'metric_name', 'payable_value', 'weight', 'threshold',
        'target', 'cap', 'accelerated_rate', 'attainment', 'proration', 'target_pay', 'payout',
    ]) }}
{%- endmacro %}


{% macro adjustment_columns() -%}
    {{ return([
        'adjustment_id', 'period', 'original_period', 'user_id', 'plan_id', 'plan_version', 'metric_name', 'dispute_id',
        'amount', 'reason',
    ]) }}
{%- endmacro %}


{#- The columns of a closed line or an adjustment as they are hashed. A metric that was renamed is hashed under its
    former name, so that the hash of a month that was closed under that name stays the same. `rows` is the relation;
    it is joined by metric_name to former_metric_names as `former`. -#}
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


{#- The ID of an adjustment after a renaming of its metric. The ID of an adjustment for late knowledge ends with the
    metric, so the given name replaces that end; the ID of an adjustment for a dispute stays. -#}
{% macro renamed_adjustment_id(rows, name) -%}
    case
            when {{ name }} is null or {{ rows }}.dispute_id is not null then {{ rows }}.adjustment_id
            else left(
                {{ rows }}.adjustment_id, length({{ rows }}.adjustment_id) - length({{ rows }}.metric_name)
            ) || {{ name }}
        end
{%- endmacro %}


{#- The columns of a row as one line of text. A | within a value is doubled, so that no value can be read as two
    columns. -#}
{% macro row_text(columns) -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- do texts.append("coalesce(replace(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), '|', '||'), '-')") -%}
    {%- endfor -%}
    {{ texts | join(" || ' | ' || ") }}
{%- endmacro %}


{#- CTEs that give `contents`: per `key` the number and the total of the closed lines, and the SHA-256 of the closed
    lines and adjustments. They read the CTEs `closed_lines` and `closed_adjustments`. -#}
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


{#- The version of the definitions of pay. A change of the project that changes a paid figure must raise it: a month
    that was closed by older definitions is not corrected by newer ones. -#}
{% macro definitions_version() -%}
    3
{%- endmacro %}
