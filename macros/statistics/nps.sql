{#- The net promoter score (NPS), from -100 to 100. -#}
{% macro nps(promoters, detractors, customers) -%}
    100 * {{ rate_quotient(promoters ~ ' - ' ~ detractors, customers) }}
{%- endmacro %}


{#- A bound of the 95 % confidence interval of an NPS ('-' is the lower, '+' the upper): adjusted Wald, with 3/4
    more promoters, 3/4 more detractors and 3 more answers. It can lie beyond -100 or 100 if there are few answers. -#}
{% macro nps_bound(sign, promoters, detractors, customers) -%}
    {%- set promoter_share = '(' ~ promoters ~ ' + 0.75) / (' ~ customers ~ ' + 3)' -%}
    {%- set detractor_share = '(' ~ detractors ~ ' + 0.75) / (' ~ customers ~ ' + 3)' -%}
    100 * (
        {{ promoter_share }} - {{ detractor_share }} {{ sign }} {{ z_95() }} * sqrt((
            {{ promoter_share }} + {{ detractor_share }}
            - ({{ promoter_share }} - {{ detractor_share }}) * ({{ promoter_share }} - {{ detractor_share }})
        ) / ({{ customers }} + 3))
    )
{%- endmacro %}
