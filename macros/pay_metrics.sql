{#- The metrics that a plan can pay for: sums of credited amounts, of which nothing is 0, and rates, of which nothing is none. -#}
{% macro pay_sums() -%}
    {{ return(['cltv_growth', 'cross_sell', 'up_sell', 'recommendations', 'closed_deals']) }}
{%- endmacro %}


{% macro pay_rates() -%}
    {{ return(['satisfaction', 'retention', 'outcomes_on_time', 'ppp_yield']) }}
{%- endmacro %}


{#- A row of comp_plans.csv, in words. -#}
{% macro plan_row(relation) -%}
    'comp_plans.csv: plan ' || {{ relation }}.plan_id || ', version ' || {{ relation }}.plan_version
    || ', team ' || {{ relation }}.team
{%- endmacro %}
