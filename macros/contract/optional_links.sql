{#- The references of all input tables that may lead nowhere without a fault: a list with an entry per column and
    referenced table, with input_table (its name), table (the name without the domain), column, references, and
    condition (in SQL over `landed`, of a column that refers to different tables; else none). -#}
{% macro optional_links() %}
    {%- set found = [] -%}
    {%- for name in input_tables() -%}
        {%- set contract = contract_of(name) -%}
        {%- for link in links_of(contract.columns, name) if not link.is_required -%}
            {%- do found.append({
                'input_table': name,
                'table': name.split('.')[1],
                'column': link.column,
                'references': link.references,
                'condition': link.condition | replace('examined.', 'landed.') if link.condition else none,
            }) -%}
        {%- endfor -%}
        {%- for column in own_links_of(contract, name) -%}
            {%- do found.append({
                'input_table': name,
                'table': name.split('.')[1],
                'column': column,
                'references': name,
                'condition': none,
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}
