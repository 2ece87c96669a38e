{#- An amount in the reporting currency, rounded once to cents, half away from zero; null without an exchange rate.
    `rates` is a row of int_exchange_rates__daily, all null if the currency has no rate on the day. -#}
{% macro convert_money(amount, currency, rates) -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then cast({{ amount }} as {{ money_type() }})
        when {{ rates }}.is_inverse then cast({{ divide_exactly(amount, rates ~ '.rate', 2) }} as {{ money_type() }})
        else cast({{ amount }} * {{ rates }}.rate as {{ money_type() }})
    end
{%- endmacro %}


{#- The exchange rate that convert_money applies, as a factor in floating point. -#}
{% macro conversion_factor(currency, rates) -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then 1.0
        when {{ rates }}.is_inverse then 1.0 / cast({{ rates }}.rate as {{ double_type() }})
        else cast({{ rates }}.rate as {{ double_type() }})
    end
{%- endmacro %}


{#- True if an amount has no exchange rate into the reporting currency. -#}
{% macro lacks_rate(amount, currency, rates) -%}
    ({{ amount }} is not null and {{ currency }} <> '{{ var("reporting_currency") }}' and {{ rates }}.rate is null)
{%- endmacro %}


{#- True if an amount quarantines its row: it has no exchange rate, or reaches the bound in the reporting currency. -#}
{% macro is_bad_money(amount, currency, rates) -%}
    (
        {{ lacks_rate(amount, currency, rates) }}
        or coalesce(abs({{ convert_money(amount, currency, rates) }}) >= {{ reporting_amount_bound() }}, false)
    )
{%- endmacro %}


{#- The faults of a record whose money is quarantined by is_bad_money: a list for record_rows. The caller's query gives
    the columns lacks_rate and reporting_amount. -#}
{% macro money_faults(amount) %}
    {{ return([
        (amount, 'out_of_range', 'abs(examined.reporting_amount) >= ' ~ reporting_amount_bound()),
        ('currency_code', 'missing_exchange_rate', 'examined.lacks_rate'),
    ]) }}
{% endmacro %}
