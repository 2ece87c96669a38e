{#- The success score: the mean of an outcome score and an experience score, weighted by `weights`. A score that is
    not known drops out with its weight (M7 in docs/metrics.md). -#}
{% macro success_score(weights, outcome_score, experience_score) -%}
    {{ score_quotient(
        'coalesce(' ~ weights ~ '.outcome * ' ~ outcome_score ~ ', 0)'
        ~ ' + coalesce(' ~ weights ~ '.experience * ' ~ experience_score ~ ', 0)',
        'case when ' ~ outcome_score ~ ' is null then 0 else ' ~ weights ~ '.outcome end'
        ~ ' + case when ' ~ experience_score ~ ' is null then 0 else ' ~ weights ~ '.experience end',
    ) }}
{%- endmacro %}
