{#- The rows of a rule that hold on the same day as another row of their key: there must be none. -#}
{% test valid_without_overlap(model, key) %}

select
    {% for column in key %}rules.{{ column }}, {% endfor %}
    rules.valid_from,
    rules.valid_to
from {{ model }} as rules
inner join {{ model }} as others
    on
        {% for column in key %}rules.{{ column }} = others.{{ column }} and {% endfor %}
        rules.valid_from <= others.valid_from
        and others.valid_from < coalesce(rules.valid_to, cast('9999-12-31' as date))
group by {% for column in key %}rules.{{ column }}, {% endfor %}rules.valid_from, rules.valid_to
having count(*) > 1

{% endtest %}
