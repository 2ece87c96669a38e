{#- The sum of squared distances from the mean, computed from n scores from 0 to 1, the sum of their squares and
    their total. All are decimals, so that the result is exactly 0 if all scores are equal. -#}
{% macro squares_about_mean(squares, total, n) -%}
    {%- set mean = score_quotient(total, n) -%}
    {{ squares }} - 2 * {{ mean }} * {{ total }} + {{ n }} * {{ mean }} * {{ mean }}
{%- endmacro %}


{#- The sum of squared distances of scores from their mean, rounded once. The credibility is computed from it (M4 in
    docs/metrics.md). -#}
{% macro spread_of_scores(squares, total, n) -%}
    cast({{ squares_about_mean(squares, 'cast(' ~ total ~ ' as ' ~ score_type() ~ ')', n) }} as {{ spread_type() }})
{%- endmacro %}
