"""The sections of the page below the scoreboard, in order: for each figure its sentence, its chart and its tables."""

from __future__ import annotations

from collections.abc import Callable

from customer_outcomes.page.frame import Frame, Section

from .campaigns import campaigns
from .conversion import conversion
from .forecasts import forecasts
from .outcomes import leavers, time_to_value
from .ratings import ratings
from .rows import delivered_rows
from .service import first_response, handoffs
from .value import satisfied_value

SECTIONS: tuple[Callable[[Frame], Section], ...] = (
    satisfied_value,
    campaigns,
    time_to_value,
    leavers,
    ratings,
    first_response,
    handoffs,
    conversion,
    forecasts,
    delivered_rows,
)
