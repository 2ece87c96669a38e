{#- The rows of a seed of rules that hold on the same day as another row with the same key. Overlaps are not
    allowed. -#}
{% test valid_without_overlap(model) %}
{%- if execute -%}
{%- set rule = graph.nodes['seed.' ~ project_name ~ '.' ~ model.identifier] -%}
{%- set key = rule.config.meta.key | reject('equalto', 'valid_from') | list -%}
select
    '{{ model.identifier }}.csv: {% for column in key %}{{ column }} ' || rules.{{ column }} || ', {% endfor %}'
    || 'valid from ' || rules.valid_from || ': another row with the same key holds on some of the same days.' as fault
from {{ model }} as rules
inner join {{ model }} as others
    on
        {% for column in key %}rules.{{ column }} = others.{{ column }} and {% endfor %}
        rules.valid_from <= others.valid_from
        and others.valid_from < coalesce(rules.valid_to, cast('9999-12-31' as date))
group by {% for column in key %}rules.{{ column }}, {% endfor %}rules.valid_from, rules.valid_to
having count(*) > 1
{%- endif -%}
{% endtest %}
