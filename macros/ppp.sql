{#- The perfect platinum performance score of a customer: satisfaction from 1 to 10, 0 where never reported, times lifetime value. -#}
{% macro ppp(csat_unit, cltv) -%}
    cast(coalesce(1 + 9 * {{ csat_unit }}, 0) * {{ cltv }} as {{ score_money_type() }})
{%- endmacro %}


{#- Money times a score: more places than cents, so that a sum of many loses nothing. -#}
{% macro score_money_type() -%}
    decimal(38, 10)
{%- endmacro %}


{#- A share of a score. A whole one keeps all its places; of another the product of decimals would be too wide. -#}
{% macro weighted_ppp(weight, ppp) -%}
    case
        when {{ weight }} = 1 then {{ ppp }}
        else cast(
            cast({{ weight }} as {{ double_type() }}) * cast({{ ppp }} as {{ double_type() }})
            as {{ score_money_type() }}
        )
    end
{%- endmacro %}
