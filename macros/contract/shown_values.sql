{#- The word that stands in place of a value that may hold personal data. -#}
{% macro hidden() -%}
    'hidden'
{%- endmacro %}


{#- A text as it may be shown where no personal data is expected: a text with an @, which may be an e-mail address, is
    hidden. The SHA-256 of an e-mail address would not hide it, because addresses can be guessed. -#}
{% macro shown_text(text) -%}
    case when {{ text }} like '%@%' then {{ hidden() }} else {{ text }} end
{%- endmacro %}


{#- A raw value of a faulty row as it may be shown; null if it is empty. `is_personal` says that the table holds
    personal data: a value may then stand in the wrong column, so the following alone is shown of it.

      a column with pii       nothing: hidden
      a column with values    a value of the list; any other is hidden
      a key or a reference    a text without an @; any other is hidden
      any other text          nothing: hidden
      a boolean               a value that is a boolean; the mask of any other
      any other type          the mask of the value, as 99/99/9999

    In the other tables, only a text with an @ is hidden. -#}
{% macro shown_value(column, relation, is_personal, is_key) -%}
    {%- set raw = relation ~ '.' ~ column.name -%}
    {%- set text = without_end_nul('cast(' ~ raw ~ ' as ' ~ dbt.type_string() ~ ')') -%}
    {%- if not is_personal -%}
    {{ shown_text(text) }}
    {%- elif not column.pii and column.type == 'boolean' -%}
    case when {{ parse_value(raw, 'boolean') }} is not null then {{ text }} else {{ masked(text) }} end
    {%- elif not column.pii and column.type != 'text' -%}
    {{ masked(text) }}
    {%- elif not column.pii and 'values' in column -%}
    case
        when {{ text }} is null or lower({{ trimmed_text(raw) }}) in ('{{ column['values'] | join("', '") }}') then {{ text }}
        else {{ hidden() }}
    end
    {%- elif not column.pii and (is_key or column.references is defined) -%}
    {{ shown_text(text) }}
    {%- else -%}
    case when {{ text }} is not null then {{ hidden() }} end
    {%- endif -%}
{%- endmacro %}
