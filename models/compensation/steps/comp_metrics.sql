{{ config(materialized='view') }}

{%- set sums = ['cltv_growth', 'cross_sell', 'up_sell', 'recommendations', 'closed_deals'] %}
{%- set rates = ['satisfaction', 'retention', 'outcomes_on_time', 'ppp_yield'] %}

{% for metric_name in sums + rates -%}
select
    '{{ metric_name }}' as metric_name,
    {{ metric_name in sums }} as is_sum
{% if not loop.last %}union all
{% endif -%}
{% endfor %}
