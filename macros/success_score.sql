{#- The success score of an outcome and an experience score by the weights of both; a part that is not known drops out
    with its weight. -#}
{% macro success_score(weights, outcome_score, experience_score) -%}
    {{ score_quotient(
        'coalesce(' ~ weights ~ '.outcome * ' ~ outcome_score ~ ', 0)'
        ~ ' + coalesce(' ~ weights ~ '.experience * ' ~ experience_score ~ ', 0)',
        'case when ' ~ outcome_score ~ ' is null then 0 else ' ~ weights ~ '.outcome end'
        ~ ' + case when ' ~ experience_score ~ ' is null then 0 else ' ~ weights ~ '.experience end',
    ) }}
{%- endmacro %}
