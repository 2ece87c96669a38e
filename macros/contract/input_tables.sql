{#- The names of all input tables, '<domain>.<table>'. They stand here because dbt must know what a model refers to before it can
    read the contract; once it can, a name too many or too few is an error. -#}
{% macro input_tables() %}
    {% set tables = [
        'crm.accounts',
        'crm.contacts',
        'crm.users',
        'crm.account_assignments',
        'crm.campaigns',
        'crm.campaign_costs',
        'crm.leads',
        'crm.touches',
        'crm.opportunities',
        'crm.opportunity_splits',
        'crm.products',
        'crm.transactions',
        'crm.subscriptions',
        'crm.outcomes',
        'crm.referrals',
        'crm.experiments',
        'crm.exchange_rates',
        'support.tickets',
        'support.ticket_events',
        'support.schedules',
        'support.holidays',
        'survey.surveys',
        'survey.invitations',
        'survey.responses',
        'product.usage_days',
    ] %}
    {% if execute %}
        {% set contracted = [] %}
        {% for node in graph.sources.values() if node.config.meta.primary_key is defined %}
            {% do contracted.append(node.source_name ~ '.' ~ node.name) %}
        {% endfor %}
        {% if contracted | sort != tables | sort %}
            {{ exceptions.raise_compiler_error('macros/contract/input_tables.sql and the input contract list other tables.') }}
        {% endif %}
    {% endif %}
    {{ return(tables) }}
{% endmacro %}
