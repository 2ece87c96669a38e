{#- Twice the log-likelihood ratio of a count out of a total against an expected share: large where chance does not explain it. A tail
    beyond it has at most the probability exp(-deviance / 2), whatever the size of the sample. -#}
{% macro deviance(count, total, share) -%}
    2 * (
        case
            when {{ count }} > 0
                then {{ count }} * ln({{ rate_quotient(count, '(' ~ total ~ ') * (' ~ share ~ ')') }})
            else 0
        end
        + case
            when {{ count }} < {{ total }}
                then (({{ total }}) - ({{ count }})) * ln({{ rate_quotient(
                    '(' ~ total ~ ') - (' ~ count ~ ')', '(' ~ total ~ ') * (1 - (' ~ share ~ '))'
                ) }})
            else 0
        end
    )
{%- endmacro %}


{#- How many standard deviations two shares are apart: the signed root of their deviance from the share that they have together,
    positive where the first is larger. -#}
{% macro sigmas_apart(count, total, other_count, other_total) -%}
    {%- set share -%}
    {{ rate_quotient(count ~ ' + ' ~ other_count, total ~ ' + ' ~ other_total) }}
    {%- endset -%}
    sign({{ count }} * {{ other_total }} - {{ other_count }} * {{ total }}) * sqrt(greatest(0, {{ deviance(count, total, share) }} + {{ deviance(other_count, other_total, share) }}))
{%- endmacro %}


{#- A number as text, rounded. -#}
{% macro shown_number(number, places) -%}
    cast(cast({{ number }} as decimal(18, {{ places }})) as {{ dbt.type_string() }})
{%- endmacro %}
