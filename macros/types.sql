{#- Money in the reporting currency. -#}
{% macro money_type() -%}
    decimal(38, 2)
{%- endmacro %}


{#- A share of a credit, of a target or of a month: 12 decimals, wide for sums. -#}
{% macro share_type() -%}
    decimal(38, 12)
{%- endmacro %}


{#- A figure that a weight or a score multiplies: the product of weight and figure keeps all decimals, the ten of PPP among them, with
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


{#- Squared distances from a mean score, summed. -#}
{% macro spread_type() -%}
    decimal(38, 24)
{%- endmacro %}
