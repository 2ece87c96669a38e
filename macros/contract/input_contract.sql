{#- One input table of the contract, as models/sources/_<domain>__sources.yml states it: primary_key, event_time,
    merged_into, and the columns in order, each with its name, type and meta. public_columns are the columns that
    landing adds for personal data that is public in some rows: public_<name> for each column with public_where. May be
    called only while dbt executes, because the graph is empty before. -#}
{% macro input_contract(domain, table) %}
    {% set node = graph.sources['source.' ~ project_name ~ '.' ~ domain ~ '.' ~ table] %}
    {% set columns, public_columns = [], [] %}
    {% for column in node.columns.values() %}
        {% do columns.append(dict(column.config.meta, name=column.name, type=column.data_type)) %}
        {% if column.config.meta.public_where %}
            {% do public_columns.append({
                'name': 'public_' ~ column.name,
                'type': column.data_type,
                'value': column.name,
                'where': column.config.meta.public_where,
            }) %}
        {% endif %}
    {% endfor %}
    {% set meta = node.config.meta %}
    {{ return({
        'primary_key': meta.primary_key,
        'event_time': meta.get('event_time'),
        'merged_into': meta.get('merged_into'),
        'columns': columns,
        'public_columns': public_columns,
    }) }}
{% endmacro %}
