{#- The perfect platinum performance score of a customer: satisfaction from 1 to 10, 0 where never reported, times lifetime value. -#}
{% macro ppp(csat_unit, cltv) -%}
    cast(coalesce(1 + 9 * {{ csat_unit }}, 0) * {{ cltv }} as {{ figure_type() }})
{%- endmacro %}


{#- A share of a score: of its whole part and of its decimals apart, because the product of all decimals would be too wide, and in
    floating point the shares of a great score would not sum to it. -#}
{% macro weighted_ppp(weight, ppp) -%}
    cast(
        {{ weight }} * trunc({{ ppp }}) + cast({{ weight }} * ({{ ppp }} - trunc({{ ppp }})) as {{ share_type() }})
        as {{ figure_type() }}
    )
{%- endmacro %}
