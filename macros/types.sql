{#- Money in the reporting currency. -#}
{% macro money_type() -%}
    decimal(38, 2)
{%- endmacro %}


{#- The share of a credit: 12 decimals, wide for sums. -#}
{% macro weight_type() -%}
    decimal(38, 12)
{%- endmacro %}


{#- A figure of a customer that a weight multiplies: the product keeps all its decimals, the ten of PPP among them, with
    16 digits before the point. -#}
{% macro figure_type() -%}
    decimal(38, 10)
{%- endmacro %}


{#- A credited figure: weight times figure, with all decimals of both. -#}
{% macro contribution_type() -%}
    decimal(38, 22)
{%- endmacro %}


{#- A score. Wide, although it has two digits before the point at most: DuckDB 2.0 adds narrow decimals of a window in 64 bits where it
    thinks that they fit, which 9,224 perfect scores do not, and says nothing. -#}
{% macro score_type() -%}
    decimal(38, 15)
{%- endmacro %}


{#- Money times a score: more places than cents, so that a sum of many loses nothing. -#}
{% macro score_money_type() -%}
    decimal(38, 10)
{%- endmacro %}


{#- A numerator or denominator: exact for weights of 12 places times cents, with 18 digits before the point. -#}
{% macro metric_part_type() -%}
    decimal(38, 20)
{%- endmacro %}


{#- The same as published. -#}
{% macro shown_part_type() -%}
    decimal(38, 14)
{%- endmacro %}


{#- A sum of squares of scores of 15 places, exact. -#}
{% macro square_type() -%}
    decimal(38, 30)
{%- endmacro %}


{#- What is attained of a target, and the share of a month: 12 decimals. -#}
{% macro attainment_type() -%}
    decimal(38, 12)
{%- endmacro %}
