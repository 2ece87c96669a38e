{#- The perfect platinum performance score (PPP) of a customer: satisfaction from 1 to 10, or 0 if never reported,
    times lifetime value (M3 in docs/metrics.md). -#}
{% macro ppp(csat_unit, cltv) -%}
    cast(coalesce(1 + 9 * {{ csat_unit }}, 0) * {{ cltv }} as {{ figure_type() }})
{%- endmacro %}


{#- A share of a PPP. The whole part and the decimals are multiplied apart, because their product in one step would
    have more digits than a decimal holds, and in floating point the shares of a large score would not sum to it. -#}
{% macro weighted_ppp(weight, ppp) -%}
    cast(
        {{ weight }} * trunc({{ ppp }}) + cast({{ weight }} * ({{ ppp }} - trunc({{ ppp }})) as {{ share_type() }})
        as {{ figure_type() }}
    )
{%- endmacro %}
