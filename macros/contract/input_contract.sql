{#- One input table of the contract, as models/sources/_<domain>__sources.yml states it: primary_key, event_time,
    merged_into, and the columns in order, each with its name, type and meta. May be called only while dbt executes,
    because the graph is empty before. -#}
{% macro input_contract(domain, table) %}
    {% set node = graph.sources['source.' ~ project_name ~ '.' ~ domain ~ '.' ~ table] %}
    {% set columns = [] %}
    {% for column in node.columns.values() %}
        {% do columns.append(dict(column.config.meta, name=column.name, type=column.data_type)) %}
    {% endfor %}
    {% set meta = node.config.meta %}
    {{ return({
        'primary_key': meta.primary_key,
        'event_time': meta.get('event_time'),
        'merged_into': meta.get('merged_into'),
        'columns': columns,
    }) }}
{% endmacro %}
