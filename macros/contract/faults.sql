{#- The faults that a typed row can have by itself, in the order in which the first one counts: a list of the column,
    the reason, and the condition in SQL. A column has_<column> says that the raw value is more than blanks. -#}
{% macro own_faults(columns, relation=none) %}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    {%- set bounds = {'integer': value_bound(), 'decimal': value_bound(), 'ratio': ratio_bound()} -%}
    {%- set missing, mistyped, unlisted, beyond = [], [], [], [] -%}
    {%- for column in columns -%}
        {%- set value = prefix ~ column.name -%}
        {%- set has = prefix ~ 'has_' ~ column.name -%}
        {%- if column.required -%}
            {%- do missing.append((column.name, 'missing_required', 'not ' ~ has)) -%}
        {%- endif -%}
        {%- do mistyped.append((column.name, 'bad_type', has ~ ' and ' ~ value ~ ' is null')) -%}
        {%- if 'values' in column -%}
            {%- do unlisted.append((column.name, 'bad_value', is_unlisted(value, column['values']))) -%}
        {%- endif -%}
        {%- if column.kinds is defined -%}
            {%- for kind, rules in column.kinds.items() if 'values' in rules -%}
                {%- set is_kind = prefix ~ column.kind_column ~ " = '" ~ kind ~ "'" -%}
                {%- do unlisted.append((
                    column.name, 'bad_value', is_kind ~ ' and ' ~ is_unlisted(value, rules['values'])
                )) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- set beyonds = [] -%}
        {%- if column.type in bounds -%}
            {%- set bound = bounds[column.type] -%}
            {%- do beyonds.append(value ~ ' >= ' ~ bound ~ ' or ' ~ value ~ ' <= -' ~ bound) -%}
        {%- endif -%}
        {%- for bound, operator in [('min', '<'), ('max', '>'), ('min_exclusive', '<=')] if bound in column -%}
            {%- do beyonds.append(value ~ ' ' ~ operator ~ ' ' ~ column[bound]) -%}
        {%- endfor -%}
        {%- if beyonds -%}
            {%- do beyond.append((column.name, 'out_of_range', beyonds | join(' or '))) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(missing + mistyped + unlisted + beyond) }}
{% endmacro %}


{#- True if a value is none of a list. -#}
{% macro is_unlisted(value, listed) -%}
    {{ value }} not in ('{{ listed | join("', '") }}')
{%- endmacro %}


{#- The first of some faults as '<column>|<reason>'; null if a row has none of them. -#}
{% macro first_fault(faults) -%}
    {%- if faults -%}
        case
            {%- for column, reason, condition in faults %}
            when {{ condition }} then '{{ column }}|{{ reason }}'
            {%- endfor %}
        end
    {%- else -%}
        cast(null as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}


{#- The columns fault_column, fault_reason and faults of a row; `first` is its first fault. All faults of a row are
    looked for only where there is a first one, because few rows are faulty. -#}
{% macro fault_columns(faults, first) -%}
        {{ dbt.split_part(first, "'|'", 1) }} as fault_column,
        {{ dbt.split_part(first, "'|'", 2) }} as fault_reason,
        {{ all_faults(faults, first) }} as faults
{%- endmacro %}


{#- Some faults of a row as a JSON list; null if `first`, the first of them, is null. -#}
{% macro all_faults(faults, first) -%}
    {%- if faults -%}
        case
            when {{ first }} is not null
                then '[' || concat_ws(', '
                {%- for column, reason, condition in faults -%}
                , case when {{ condition }} then '{"column": "{{ column }}", "reason": "{{ reason }}"}' end
                {%- endfor -%}
                ) || ']'
        end
    {%- else -%}
        cast(null as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}
