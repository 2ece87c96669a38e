{#- The deviance of a count out of a total from an expected share: twice the log-likelihood ratio. It is large if
    chance does not explain the count: the probability of a deviance at least as large, on one side, is at most
    exp(-deviance / 2), whatever the size of the sample. -#}
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


{#- The distance of two shares in standard deviations: the root of their deviance from their pooled share, positive
    if the first share is larger. -#}
{% macro sigmas_apart(count, total, other_count, other_total) -%}
    {%- set share -%}
    {{ rate_quotient(count ~ ' + ' ~ other_count, total ~ ' + ' ~ other_total) }}
    {%- endset -%}
    sign({{ count }} * {{ other_total }} - {{ other_count }} * {{ total }})
    * sqrt(greatest(0, {{ deviance(count, total, share) }} + {{ deviance(other_count, other_total, share) }}))
{%- endmacro %}


{#- A number as text, rounded to `places` decimals. -#}
{% macro shown_number(number, places) -%}
    cast(cast({{ number }} as decimal(18, {{ places }})) as {{ dbt.type_string() }})
{%- endmacro %}
