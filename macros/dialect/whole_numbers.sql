{#- Money as a whole number of cents. -#}
{% macro to_cents(amount) -%}
    {{ return(adapter.dispatch('to_cents')(amount)) }}
{%- endmacro %}

{% macro duckdb__to_cents(amount) -%}
    cast({{ amount }} * 100 as hugeint)
{%- endmacro %}


{#- The whole part of the quotient of two whole numbers, neither of them negative. -#}
{% macro divide_whole(dividend, divisor) -%}
    {{ return(adapter.dispatch('divide_whole')(dividend, divisor)) }}
{%- endmacro %}

{% macro duckdb__divide_whole(dividend, divisor) -%}
    (({{ dividend }}) // ({{ divisor }}))
{%- endmacro %}


{#- A whole number of cents as money. -#}
{% macro from_cents(cents) -%}
    cast(cast({{ cents }} as decimal(38, 0)) * 0.01 as {{ money_type() }})
{%- endmacro %}


{#- Money times min(1, part / whole), rounded to cents, half away from zero. It calculates in whole numbers, as
    divide_exactly does. No argument is negative, part and whole have at most 6 decimals, and whole is above 0. -#}
{% macro share_of(amount, part, whole) -%}
    {{ return(adapter.dispatch('share_of')(amount, part, whole)) }}
{%- endmacro %}

{% macro duckdb__share_of(amount, part, whole) -%}
    case
        when {{ part }} >= {{ whole }} then {{ amount }}
        else {{ from_cents(
            '((2 * cast(' ~ amount ~ ' * 100 as hugeint) * cast(' ~ part ~ ' * 1000000 as hugeint) + cast(' ~ whole
            ~ ' * 1000000 as hugeint)) // (2 * cast(' ~ whole ~ ' * 1000000 as hugeint)))'
        ) }}
    end
{%- endmacro %}


{#- A decimal with at most `places` decimals as a whole number of its smallest unit. Its whole part and its decimals
    are multiplied apart, because the product in one step would have more digits than a decimal holds. -#}
{% macro to_whole(value, places) -%}
    {{ return(adapter.dispatch('to_whole')(value, places)) }}
{%- endmacro %}

{% macro duckdb__to_whole(value, places) -%}
    {%- set exact = 'cast(' ~ value ~ ' as decimal(38, ' ~ places ~ '))' -%}
    {%- set whole = 'trunc(' ~ exact ~ ')' -%}
    (
        cast({{ whole }} as hugeint) * {{ 10 ** places }}
        + cast(({{ exact }} - cast({{ whole }} as decimal(38, {{ places }}))) * {{ 10 ** places }} as hugeint)
    )
{%- endmacro %}


{#- The reverse of to_whole: a whole number of the smallest unit of `places` decimals, as a decimal. -#}
{% macro from_whole(value, places) -%}
    cast(
        cast({{ value }} as decimal(38, 0)) * cast({{ '0.' ~ '0' * (places - 1) ~ '1' }} as decimal(38, {{ places }}))
        as decimal(38, {{ places }})
    )
{%- endmacro %}


{#- The whole part of one * other / divisor, where none is negative and the product can have more digits than the
    whole numbers of the engine. It is a long division whose digits are of base 10^9. `one` must be below 10^27 and
    `divisor` below 8 * 10^28. -#}
{% macro multiply_and_divide(one, other, divisor) -%}
    {{ return(adapter.dispatch('multiply_and_divide')(one, other, divisor)) }}
{%- endmacro %}

{% macro duckdb__multiply_and_divide(one, other, divisor) -%}
    {%- set base = 10 ** 9 -%}
    {%- set one = '(' ~ one ~ ')' -%}
    {%- set divisor = '(' ~ divisor ~ ')' -%}
    {%- set rest = '(' ~ other ~ ' % ' ~ divisor ~ ')' -%}
    {%- set first = '(' ~ one ~ ' // ' ~ base ** 2 ~ ' * ' ~ rest ~ ')' -%}
    {%- set digit = one ~ ' // ' ~ base ~ ' % ' ~ base -%}
    {%- set second = '(' ~ first ~ ' % ' ~ divisor ~ ' * ' ~ base ~ ' + ' ~ digit ~ ' * ' ~ rest ~ ')' -%}
    {%- set third = '(' ~ second ~ ' % ' ~ divisor ~ ' * ' ~ base ~ ' + ' ~ one ~ ' % ' ~ base ~ ' * ' ~ rest ~ ')' -%}
    ({{ one }} * ({{ other }} // {{ divisor }})
    + {{ first }} // {{ divisor }} * {{ base ** 2 }}
    + {{ second }} // {{ divisor }} * {{ base }}
    + {{ third }} // {{ divisor }})
{%- endmacro %}
