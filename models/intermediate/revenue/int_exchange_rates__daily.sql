with

rates as (

    {{ accepted_rows(ref('rec_exchange_rates')) }}

),

-- A date in the input can be one day ahead of the local day of as_of.
days as (

    {{ date_series(
        '(select min(valid_on) from rates)',
        'cast(' ~ dbt.dateadd('day', 1, as_of()) ~ ' as date)',
        'day',
    ) }}

),

quotes as (

    select
        from_currency as currency_code,
        false as is_inverse,
        valid_on,
        rate
    from rates
    where to_currency = '{{ var("reporting_currency") }}' and from_currency <> to_currency

    union all

    select
        to_currency as currency_code,
        true as is_inverse,
        valid_on,
        rate
    from rates
    where from_currency = '{{ var("reporting_currency") }}' and from_currency <> to_currency

),

spans as (

    select
        *,
        lead(valid_on) over (partition by currency_code, is_inverse order by valid_on) as next_valid_on
    from quotes

),

daily as (

    select
        spans.currency_code,
        days.series_on as rated_on,
        spans.rate,
        spans.is_inverse,
        -- A quote into the reporting currency takes precedence over one out of it.
        row_number() over (
            partition by spans.currency_code, days.series_on
            order by spans.is_inverse
        ) as preference
    from spans
    inner join days
        on
            spans.valid_on <= days.series_on
            and (spans.next_valid_on > days.series_on or spans.next_valid_on is null)

),

final as (

    select
        currency_code,
        rated_on,
        rate,
        is_inverse
    from daily
    where preference = 1

)

select * from final
