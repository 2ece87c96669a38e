{#- Money in the reporting currency. -#}
{% macro money_type() -%}
    decimal(38, 2)
{%- endmacro %}


{#- A share of a credit, of a target or of a month: 12 decimals, and digits enough for sums of shares. -#}
{% macro share_type() -%}
    decimal(38, 12)
{%- endmacro %}


{#- A figure that is multiplied by a weight or a score: ten decimals, as a PPP needs. Its product with a weight of
    12 decimals then has 22 decimals and leaves 16 digits before the point (contribution_type). -#}
{% macro figure_type() -%}
    decimal(38, 10)
{%- endmacro %}


{#- A credited figure: the exact product of a weight (12 decimals) and a figure (10 decimals), with 16 digits before
    the point. -#}
{% macro contribution_type() -%}
    decimal(38, 22)
{%- endmacro %}


{#- A score. It has at most two digits before the point, but the type is wide: DuckDB 2.0 adds narrow decimals of a
    window in 64 bits if it expects the sum to fit. The sum of 9,224 perfect scores does not fit, and DuckDB reports
    no error. -#}
{% macro score_type() -%}
    decimal(38, 15)
{%- endmacro %}


{#- A numerator or denominator of a metric: exact for weights of 12 decimals times cents, with 18 digits before the
    point. -#}
{% macro metric_part_type() -%}
    decimal(38, 20)
{%- endmacro %}


{#- A numerator or denominator as it is published. -#}
{% macro shown_part_type() -%}
    decimal(38, 14)
{%- endmacro %}


{#- The exact sum of the squares of scores, which have 15 decimals each. -#}
{% macro square_type() -%}
    decimal(38, 30)
{%- endmacro %}


{#- The sum of squared distances of scores from their mean. -#}
{% macro spread_type() -%}
    decimal(38, 24)
{%- endmacro %}
