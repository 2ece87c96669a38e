{#- The names of all input tables, '<domain>.<table>'. They are listed here because dbt must know the references of
    a model before it can read the contract. As soon as it can, a missing or additional name is an error. -#}
{% macro input_tables() %}
    {% set tables = [
        'crm.accounts',
        'crm.contacts',
        'crm.users',
        'crm.user_teams',
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
            {{ exceptions.raise_compiler_error(
                'macros/contract/input_tables.sql and the input contract do not list the same tables.'
            ) }}
        {% endif %}
    {% endif %}
    {{ return(tables) }}
{% endmacro %}
