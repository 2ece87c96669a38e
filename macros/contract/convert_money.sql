{#- An amount in the reporting currency, in cents, rounded once, half away from zero; null where there is no rate.
    `rates` is a row of int_exchange_rates__daily, or nulls. -#}
{% macro convert_money(amount, currency, rates) -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then cast({{ amount }} as {{ money_type() }})
        when {{ rates }}.is_inverse then cast({{ divide_exactly(amount, rates ~ '.rate', 2) }} as {{ money_type() }})
        else cast({{ amount }} * {{ rates }}.rate as {{ money_type() }})
    end
{%- endmacro %}


{#- The rate that convert_money applies, as a factor. -#}
{% macro conversion_factor(currency, rates) -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then 1.0
        when {{ rates }}.is_inverse then 1.0 / cast({{ rates }}.rate as {{ double_type() }})
        else cast({{ rates }}.rate as {{ double_type() }})
    end
{%- endmacro %}


{#- Whether an amount has no rate into the reporting currency. -#}
{% macro lacks_rate(amount, currency, rates) -%}
    ({{ amount }} is not null and {{ currency }} <> '{{ var("reporting_currency") }}' and {{ rates }}.rate is null)
{%- endmacro %}


{#- Whether an amount's row is quarantined for it: there is no rate, or in the reporting currency it is beyond the bound. -#}
{% macro is_bad_money(amount, currency, rates) -%}
    (
        {{ lacks_rate(amount, currency, rates) }}
        or coalesce(abs({{ convert_money(amount, currency, rates) }}) >= {{ reporting_amount_bound() }}, false)
    )
{%- endmacro %}


{#- The columns fault_column and fault_reason of a row whose money cannot be converted, or is beyond the bound once it is. -#}
{% macro rate_fault(amount, currency, rates) -%}
    case
        when {{ lacks_rate(amount, currency, rates) }} then 'currency_code'
        when {{ is_bad_money(amount, currency, rates) }} then '{{ amount.split('.') | last }}'
    end as fault_column,
    case
        when {{ lacks_rate(amount, currency, rates) }} then 'missing_exchange_rate'
        when {{ is_bad_money(amount, currency, rates) }} then 'out_of_range'
    end as fault_reason
{%- endmacro %}
