{#- A bound of the 95 % confidence interval of a share of n ('-' is the lower, '+' the upper): Wilson's score
    interval, which always contains the share. Null if n is 0. -#}
{% macro wilson_bound(sign, share, n) -%}
    {%- set z_squared_over_n = '(' ~ z_95() ~ ' * ' ~ z_95() ~ ' / nullif(' ~ n ~ ', 0))' -%}
    {{ 'least' if sign == '-' else 'greatest' }}({{ share }}, (
        {{ share }} + {{ z_squared_over_n }} / 2
        {{ sign }} sqrt({{ z_squared_over_n }} * ({{ share }} * (1 - {{ share }}) + {{ z_squared_over_n }} / 4))
    ) / (1 + {{ z_squared_over_n }}))
{%- endmacro %}
