{#- The sum of squared distances from the mean, from the sums of squares and of values of n scores from 0 to 1:
    decimals throughout, so that nothing is lost where all are the same. -#}
{% macro squares_about_mean(squares, total, n) -%}
    {%- set mean = score_quotient(total, n) -%}
    {{ squares }} - 2 * {{ mean }} * {{ total }} + {{ n }} * {{ mean }} * {{ mean }}
{%- endmacro %}


{#- The sum of squared distances of scores from their mean, rounded once, from which their credibility (M4) is computed. -#}
{% macro spread_of_scores(squares, total, n) -%}
    cast({{ squares_about_mean(squares, 'cast(' ~ total ~ ' as ' ~ score_type() ~ ')', n) }} as {{ spread_type() }})
{%- endmacro %}
