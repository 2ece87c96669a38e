"""Fits BG/NBD, MBG/NBD, Pareto/NBD, NBD and Gamma-Gamma by maximum likelihood, and computes their forecasts.

A customer's history is its frequency x (the number of purchases after the first), its recency t_x (the time from the
first to the last purchase) and its age T (the time from the first purchase to now), in weeks. In all models of
purchases, a customer who is alive buys as a Poisson process whose rate is drawn from a gamma distribution (shape r,
rate alpha, in weeks). The models differ in how a customer lapses:

- `bg_nbd`: after each repeat purchase, with a probability drawn from a beta distribution (a, b). Fader, Hardie & Lee
  (2005), "Counting Your Customers" the Easy Way, Marketing Science 24.
- `mbg_nbd`: the same, but also after the first purchase. Batislam, Denizel & Filiztekin (2007), IJRM 24.
- `pareto_nbd`: at any moment, at a rate drawn from a gamma distribution (shape s, rate beta, in weeks). Schmittlein,
  Morrison & Colombo (1987), Management Science 33; Fader & Hardie (2005), A Note on Deriving the Pareto/NBD Model.
- `nbd`: never. Ehrenberg (1959), The Pattern of Consumer Purchases, Applied Statistics 8.

`gamma_gamma` models the value of purchases. Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value.

The likelihood of a history is the sum of two terms, one of (x, T) and one of (x, t_x):

    L(x, t_x, T) = exp(living(x, T)) + exp(lapsed(x, t_x))

The likelihood is that of the moments of the purchases, not of their number alone, so the log-likelihoods of the models
can be compared. A fit evaluates both terms only at the distinct pairs of a frequency and a time, which are far fewer
than customers.
Equal histories are grouped and sorted first, and no sum uses BLAS; so the order of the customers changes no digit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaln, exprel, gammaln, hyp2f1, psi, roots_jacobi

Array = npt.NDArray[Any]
Loss = Callable[[Array], tuple[float, Array]]  # of the logs of the parameters: the loss, and its gradient
LossOf = Callable[[list[Array], Array], Loss]  # of the columns of the data and the customers of each row: the loss
Terms = tuple[Array, Array, Array, list[Array], list[Array]]
# Of the parameters, the distinct frequencies, the index of each pair's frequency among them, the time of each pair, and
# the horizon. It returns for each pair the log of being alive at the time, the log terms living and lapsed, and the
# derivatives of the last two by each parameter.
Kernel = Callable[[Array, Array, Array, Array, float], Terms]

NAMES = {
    "bg_nbd": ("r", "alpha", "a", "b"),
    "mbg_nbd": ("r", "alpha", "a", "b"),
    "pareto_nbd": ("r", "alpha", "s", "beta"),
    "nbd": ("r", "alpha"),
    "gamma_gamma": ("p", "q", "gamma"),
}
# The parameters from which the search starts, with times and spend in units of their means.
STARTS = {
    "bg_nbd": ((1.0, 0.3, 1.0, 2.0), (0.3, 0.1, 0.5, 5.0), (3.0, 1.0, 0.3, 1.0)),
    "mbg_nbd": ((1.0, 0.3, 1.0, 2.0), (0.3, 0.1, 0.5, 5.0), (3.0, 1.0, 0.3, 1.0)),
    "pareto_nbd": ((1.0, 0.3, 1.0, 1.0), (0.3, 0.1, 0.3, 0.3), (3.0, 1.0, 0.5, 2.0)),
    "nbd": ((1.0, 0.3), (0.3, 0.1), (3.0, 1.0)),
    "gamma_gamma": ((2.0, 4.0, 2.0), (6.0, 2.5, 0.5), (0.7, 8.0, 8.0)),
}
Z = 1.959963985
MIN_REPEAT_CUSTOMERS = 10
LIMIT = np.log(1e5)  # the bound of a log parameter; a search that reaches it does not converge
MAX_STANDARD_ERROR = 2.0  # of a log parameter; above it, the parameter is not known even within a factor of 50
ROUGH_CUSTOMERS = 2_000  # the starts run on a sample of this size, and the best one continues on all customers
FLAT = "The likelihood is flat at its maximum: the data do not tell the parameters."
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


@dataclass(frozen=True)
class Fit:
    """A model's parameters, or the reason why there are none.

    parameters: by the papers' names, alpha and beta in weeks, gamma in the currency of spend; {} without convergence.
    intervals: the 95 % confidence interval of each parameter, on the log scale from the observed information.
    log_likelihood: the sum over all customers, without the terms that depend on the data alone, as in the papers.
    n_customers: the number of customers in the data. reason: a sentence, why the fit can be used or why it cannot.
    """

    model: str
    parameters: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    log_likelihood: float | None
    n_customers: int
    is_converged: bool
    reason: str


@dataclass(frozen=True)
class _Histories:
    """Histories as distinct pairs of a frequency and a time.

    `now` and `last` are the indexes of (x, T) and (x, t_x) of each history among the pairs.
    """

    levels: Array  # the distinct frequencies
    level: Array  # the index of each pair's frequency in `levels`
    time: Array  # the time of each pair
    horizon: float  # a time longer than every history
    now: Array
    last: Array
    customers: Array  # the number of customers with each history


def fit(
    model: str,
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    age: npt.ArrayLike,
    customers: npt.ArrayLike | None = None,
) -> Fit:
    """Fit `bg_nbd`, `mbg_nbd`, `pareto_nbd` or `nbd` to customers' histories.

    frequency, recency, age: purchases, weeks and weeks, arrays of equal length.
    customers: the number of customers with the history of each row, an array of the same length; by default 1 each.
    Raises ValueError if a history is impossible.
    """
    columns: list[Array] = [np.asarray(column, dtype=float).ravel() for column in (frequency, recency, age)]
    x, t_x, now = columns
    counts: Array = np.ones(len(x)) if customers is None else np.asarray(customers, dtype=float).ravel()
    if not all(np.isfinite(column).all() for column in (*columns, counts)):
        raise ValueError("a history has a value that is not finite")
    if (x < 0).any() or (t_x < 0).any() or (t_x > now).any() or (t_x[x == 0] > 0).any() or (now[x > 0] == 0).any():
        raise ValueError("a history needs 0 <= recency <= age, and recency 0 or age > 0 as its frequency is 0 or not")
    n_customers = int(counts.sum())
    if counts[x > 0].sum() < MIN_REPEAT_CUSTOMERS:
        return _no_fit(model, n_customers, f"Fewer than {MIN_REPEAT_CUSTOMERS} customers bought again.")
    (x, t_x, now), counts = _grouped([x, t_x, now], counts)
    unit = np.sum(now * counts) / n_customers

    def loss_of(columns: list[Array], customers: Array) -> Loss:
        x, t_x, now = columns
        return _loss(KERNELS[model], _histories(x, t_x, now, customers))

    offset = -np.log(unit) * np.sum(x * counts)
    return _search(model, loss_of, [x, t_x / unit, now / unit], counts, {"alpha": unit, "beta": unit}, offset)


def fit_gamma_gamma(frequency: npt.ArrayLike, mean_spend: npt.ArrayLike, customers: npt.ArrayLike | None = None) -> Fit:
    """Fit the Gamma-Gamma model of spend to repeat customers.

    frequency: the number of purchases with the mean `mean_spend`; both above 0, arrays of equal length.
    customers: the number of customers of each row, an array of the same length; by default 1 each.

        L = Gamma(px + q) / (Gamma(px) Gamma(q)) gamma^q m^(px - 1) x^(px) / (gamma + m x)^(px + q)

    Raises ValueError if a frequency or a mean is not above 0. Fader & Hardie (2013), equation 1a.
    """
    x, m = (np.asarray(column, dtype=float).ravel() for column in (frequency, mean_spend))
    counts: Array = np.ones(len(x)) if customers is None else np.asarray(customers, dtype=float).ravel()
    if not (np.isfinite(x).all() and np.isfinite(m).all() and (x > 0).all() and (m > 0).all()):
        raise ValueError("a customer of the spend model needs frequency > 0 and mean spend > 0")
    n_customers = int(counts.sum())
    if n_customers < MIN_REPEAT_CUSTOMERS:
        return _no_fit("gamma_gamma", n_customers, f"Fewer than {MIN_REPEAT_CUSTOMERS} customers bought again.")
    (x, m), counts = _grouped([x, m], counts)
    unit = np.sum(m * counts) / n_customers
    offset = -np.log(unit) * n_customers
    found = _search("gamma_gamma", _loss_of_spend, [x, m / unit], counts, {"gamma": unit}, offset)
    if found.is_converged and found.parameters["q"] <= 1:
        return _no_fit("gamma_gamma", n_customers, "The mean spend of all customers is infinite: q is not above 1.")
    return found


def _no_fit(model: str, n_customers: int, reason: str) -> Fit:
    return Fit(model, {}, {}, None, n_customers, False, reason)


def _grouped(columns: list[Array], customers: Array) -> tuple[list[Array], Array]:
    """Sort the rows, merge equal rows, and add up their customers."""
    rows = pd.DataFrame(dict(enumerate([*columns, customers]))).groupby(list(range(len(columns))), as_index=False).sum()
    *columns, customers = (rows[name].to_numpy() for name in rows)
    return columns, customers


def _histories(x: Array, t_x: Array, now: Array, customers: Array) -> _Histories:
    """Return histories as distinct pairs of a frequency and a time."""
    levels, level = np.unique(x, return_inverse=True)
    times, place = np.unique(np.concatenate([now, t_x]), return_inverse=True)
    pairs, places = np.unique(np.concatenate([level, level]) * len(times) + place, return_inverse=True)
    level, time = np.divmod(pairs, len(times))
    at_now, at_last = np.split(places, 2)
    # The horizon is one unit after the last age, so that no integral up to it is empty.
    return _Histories(levels, level, times[time], times.max(initial=0.0) + 1.0, at_now, at_last, customers)


def _sampled(columns: list[Array], customers: Array) -> tuple[list[Array], Array]:
    """Return ROUGH_CUSTOMERS customers at equal distances in the sorted rows, or all if there are no more."""
    total = customers.sum()
    if total <= ROUGH_CUSTOMERS:
        return columns, customers
    places = np.searchsorted(np.cumsum(customers), (np.arange(ROUGH_CUSTOMERS) + 0.5) * (total / ROUGH_CUSTOMERS))
    rows, counts = np.unique(places, return_counts=True)
    return [column[rows] for column in columns], counts.astype(float)


def _search(
    model: str, loss_of: LossOf, columns: list[Array], customers: Array, units: dict[str, float], offset: float
) -> Fit:
    """Minimise a loss from several starts on a sample of customers, then from the best end on all customers.

    The fit converged only if starts agree and the end is a maximum of the likelihood with usable standard errors.
    `units` are the units of scaled parameters, `offset` is added to the log-likelihood to undo the scaling of the data.
    """
    names, n_customers = NAMES[model], int(customers.sum())
    exact = loss_of(columns, customers)
    with np.errstate(all="ignore"):
        best, spread, verdict = _from_starts(model, loss_of(*_sampled(columns, customers)))
        if spread is None and n_customers > ROUGH_CUSTOMERS:
            best, spread, verdict = _from_starts(model, exact)
        if spread is None:
            return _no_fit(model, n_customers, verdict)
        options = {"hess_inv0": spread, "gtol": 1e-6, "maxiter": 50}
        polished = minimize(exact, best, jac=True, method="BFGS", options=options)
        spread = _covariance(exact, polished.x)
        if spread is None:
            return _no_fit(model, n_customers, FLAT)
        # A Newton step improves the last digits, in which a line search cannot distinguish losses.
        logs = polished.x - np.sum(spread * polished.jac, axis=1)
        loss, slopes = exact(logs)
    if not np.abs(slopes).max() < 1e-7:
        return _no_fit(model, n_customers, "The search for the maximum of the likelihood did not settle.")
    errors = np.sqrt(np.diag(spread) / n_customers)
    if errors.max() > MAX_STANDARD_ERROR:
        name = names[int(errors.argmax())]
        return _no_fit(model, n_customers, f"The data do not tell {name}: the error of its log is {errors.max():.1f}.")
    scale = np.array([units.get(name, 1.0) for name in names])
    low, parameters, high = ((scale * np.exp(logs + z * errors)).tolist() for z in (-Z, 0.0, Z))
    return Fit(
        model,
        dict(zip(names, parameters, strict=True)),
        dict(zip(names, zip(low, high, strict=True), strict=True)),
        float(offset - loss * n_customers),
        n_customers,
        True,
        verdict,
    )


def _from_starts(model: str, loss: Loss) -> tuple[Array, Array | None, str]:
    """Return the best end of all starts, its covariance per customer, and a verdict in words.

    The covariance is None if the end is not a reliable maximum.
    """
    bounds = [(-LIMIT, LIMIT)] * len(NAMES[model])
    options = {"ftol": 1e-15, "gtol": 1e-7, "maxiter": 200, "maxls": 50}
    runs = [
        minimize(loss, np.log(start), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        for start in STARTS[model]
    ]
    best = min(runs, key=lambda run: run.fun)
    for name, log in zip(NAMES[model], best.x, strict=True):
        if abs(log) > LIMIT - 0.1:
            return best.x, None, f"The likelihood has no maximum: {name} ran off to its bound."
    agreeing = sum(run.fun - best.fun < 1e-7 for run in runs)
    if agreeing < 2:
        return best.x, None, "The starts did not agree on one maximum of the likelihood."
    spread = _covariance(loss, best.x)
    if spread is None:
        return best.x, None, FLAT
    verdict = f"Converged: {agreeing} of {len(runs)} starts agree and the information is positive definite."
    return best.x, spread, verdict


def _covariance(loss: Loss, logs: Array) -> Array | None:
    """Return the inverse of the information per customer, or None if the information is not positive definite.

    The information is computed from differences of the gradient.
    """
    step = 1e-4
    rows = [(loss(logs + shift)[1] - loss(logs - shift)[1]) / (2 * step) for shift in step * np.eye(len(logs))]
    information = np.array(rows) + np.array(rows).T
    if not np.isfinite(information).all() or np.linalg.eigvalsh(information)[0] <= 0:
        return None
    inverse = np.linalg.inv(information)
    return inverse + inverse.T


def _loss(kernel: Kernel, histories: _Histories) -> Loss:
    """Return the function that computes minus the mean log-likelihood of histories, and its gradient."""
    h = histories
    total = h.customers.sum()

    def loss(logs: Array) -> tuple[float, Array]:
        parameters = np.exp(logs)
        _, living, lapsed, by_living, by_lapsed = kernel(parameters, h.levels, h.level, h.time, h.horizon)
        log_living = living[h.now]
        log_likelihood = np.logaddexp(log_living, lapsed[h.last])
        share = h.customers * np.exp(log_living - log_likelihood)
        at_now = np.bincount(h.now, share, len(h.time))
        at_last = np.bincount(h.last, h.customers - share, len(h.time))
        gradient = [np.sum(at_now * now + at_last * last) for now, last in zip(by_living, by_lapsed, strict=True)]
        return -np.sum(h.customers * log_likelihood) / total, -parameters * np.array(gradient) / total

    return loss


def _loss_of_spend(columns: list[Array], customers: Array) -> Loss:
    """Return the function that computes minus the mean log-likelihood of mean spends, and its gradient."""
    frequency, mean_spend = columns
    total, spend = customers.sum(), frequency * mean_spend
    levels, level = np.unique(frequency, return_inverse=True)
    at_level = np.bincount(level, customers)
    log_spends = np.bincount(level, customers * np.log(spend))
    constant = np.sum(customers * np.log(mean_spend))

    def loss(logs: Array) -> tuple[float, Array]:
        p, q, gamma = np.exp(logs)
        shape = p * levels
        sums = np.bincount(level, customers * np.log(gamma + spend))
        shares = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * logs[2]
        value = np.sum(at_level * shares + shape * log_spends - (shape + q) * sums) - constant
        by_p = np.sum(levels * (at_level * (psi(shape + q) - psi(shape)) + log_spends - sums))
        by_q = np.sum(at_level * (psi(shape + q) - psi(q) + logs[2]) - sums)
        by_gamma = np.sum(customers * (q / gamma - (p * frequency + q) / (gamma + spend)))
        return -value / total, -np.array([p * by_p, q * by_q, gamma * by_gamma]) / total

    return loss


def _bg_nbd(parameters: Array, levels: Array, level: Array, time: Array, horizon: float, first: int = 0) -> Terms:
    """Compute the terms of BG/NBD; see Kernel.

        living = Gamma(r + x) alpha^r / (Gamma(r) (alpha + T)^(r + x)) B(a, b + y) / B(a, b)
        lapsed = the same at t_x, times a / (b + y - 1) where y > 0

    y is the number of purchases after which the customer could have lapsed: x, or x + 1 with `first` = 1 (MBG/NBD).
    """
    r, alpha, a, b = parameters
    chances = levels + first
    constant = gammaln(r + levels) - gammaln(r) - levels * np.log(alpha) + betaln(a, b + chances) - betaln(a, b)
    log_odds = np.where(chances > 0, np.log(a / np.abs(b + chances - 1)), -np.inf)
    log_time = np.log1p(time / alpha)
    shape = r + levels[level]
    living = constant[level] - shape * log_time
    lapsed = living + log_odds[level]
    by_r = (psi(r + levels) - psi(r))[level] - log_time
    by_alpha = r / alpha - shape / (alpha + time)
    by_a = psi(a + b) - psi(a + b + chances)
    by_b = by_a + psi(b + chances) - psi(b)
    odds_by_b = np.where(chances > 0, 1 / (b + chances - 1), 0.0)
    living_by = [by_r, by_alpha, by_a[level], by_b[level]]
    lapsed_by = [by_r, by_alpha, (by_a + 1 / a)[level], (by_b - odds_by_b)[level]]
    return living, living, lapsed, living_by, lapsed_by


def _mbg_nbd(parameters: Array, levels: Array, level: Array, time: Array, horizon: float) -> Terms:
    """Compute the terms of MBG/NBD, in which customers may lapse after the first purchase too; see Kernel."""
    return _bg_nbd(parameters, levels, level, time, horizon, first=1)


def _pareto_nbd(parameters: Array, levels: Array, level: Array, time: Array, horizon: float) -> Terms:
    """Compute the terms of Pareto/NBD; see Kernel.

        f(y) = Gamma(r + x) alpha^r beta^s / (Gamma(r) (alpha + y)^(r + x) (beta + y)^s)
        L = f(T) + s int_{t_x}^{T} f(y) / (beta + y) dy = f(T) (1 - s h(T)) + f(t_x) s h(t_x)
        h(t) = int_t^{horizon} f(y) / (f(t) (beta + y)) dy

    h is computed by Gauss-Legendre quadrature in log(y + min(alpha, beta)), in which the integrand is smooth, up to the
    point where the integrand has fallen to e^-40 of its first value.
    """
    r, alpha, s, beta = parameters
    shape = r + levels[level]
    near, far = min(alpha, beta), max(alpha, beta)
    end = np.minimum((alpha + time) * np.exp(40 / shape) - alpha, (beta + time) * np.exp(40 / s) - beta)
    width = np.log1p((np.minimum(horizon, end) - time) / (near + time))
    h, by_r, by_alpha, by_s, by_beta = (np.zeros(len(time)) for _ in range(5))
    for node, weight in zip((NODES + 1) / 2, WEIGHTS / 2, strict=True):
        log_near = node * width
        near_growth = np.exp(log_near)
        far_growth = (far - near + (near + time) * near_growth) / (far + time)
        of_near, of_far = (log_near, near_growth), (np.log(far_growth), far_growth)
        (log_alpha, growth_alpha), (log_beta, growth_beta) = (of_near, of_far) if alpha < beta else (of_far, of_near)
        part = weight * near_growth * np.exp(-shape * log_alpha - (s + 1) * log_beta)
        h += part
        by_r -= log_alpha * part
        by_s -= log_beta * part
        by_alpha += part - part / growth_alpha
        by_beta += part - part / growth_beta
    scale = s * width * (near + time) / (beta + time)
    h, by_r, by_s, by_alpha, by_beta = (scale * moment for moment in (h, by_r, by_s, by_alpha, by_beta))
    lapsing = [by_r, by_alpha * shape / (alpha + time), h / s + by_s, (by_beta * (s + 1) - h) / (beta + time)]
    log_alpha, log_beta = np.log1p(time / alpha), np.log1p(time / beta)
    constant = gammaln(r + levels) - gammaln(r) - levels * np.log(alpha)
    lasting = constant[level] - shape * log_alpha - s * log_beta
    lasting_by = [
        (psi(r + levels) - psi(r))[level] - log_alpha,
        r / alpha - shape / (alpha + time),
        -log_beta,
        s / beta - s / (beta + time),
    ]
    rest = np.maximum(1 - h, 1e-300)
    living_by = [by - by_h / rest for by, by_h in zip(lasting_by, lapsing, strict=True)]
    lapsed_by = [by + by_h / h for by, by_h in zip(lasting_by, lapsing, strict=True)]
    return lasting, lasting + np.log(rest), lasting + np.log(h), living_by, lapsed_by


def _nbd(parameters: Array, levels: Array, level: Array, time: Array, horizon: float) -> Terms:
    """Compute the terms of NBD, in which no customer lapses; see Kernel.

    living = Gamma(r + x) alpha^r / (Gamma(r) (alpha + T)^(r + x))
    lapsed = 0
    """
    r, alpha = parameters
    shape = r + levels[level]
    log_time = np.log1p(time / alpha)
    living = (gammaln(r + levels) - gammaln(r) - levels * np.log(alpha))[level] - shape * log_time
    living_by = [(psi(r + levels) - psi(r))[level] - log_time, r / alpha - shape / (alpha + time)]
    return living, living, np.full(len(time), -np.inf), living_by, [np.zeros(len(time))] * 2


KERNELS: dict[str, Kernel] = {"bg_nbd": _bg_nbd, "mbg_nbd": _mbg_nbd, "pareto_nbd": _pareto_nbd, "nbd": _nbd}


def _values(fit: Fit) -> Array:
    """Return the parameters of a fit in the order of NAMES; raise ValueError if it has none."""
    if not fit.is_converged:
        raise ValueError(f"{fit.model} has no forecast: {fit.reason}")
    return np.array([fit.parameters[name] for name in NAMES[fit.model]])


def p_alive(fit: Fit, frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike) -> Array:
    """Return the probability that a customer with a history is still alive, 0 to 1.

    It is the likelihood of the history and of being alive at T, divided by the likelihood of the history.
    frequency, recency, age: purchases, weeks and weeks, arrays that broadcast; the result has their common shape.
    Raises ValueError if the fit has no parameters.
    """
    parameters = _values(fit)
    x, t_x, now = np.broadcast_arrays(*(np.asarray(column, dtype=float) for column in (frequency, recency, age)))
    h = _histories(x.ravel(), t_x.ravel(), now.ravel(), np.ones(x.size))
    with np.errstate(all="ignore"):
        alive, living, lapsed, *_ = KERNELS[fit.model](parameters, h.levels, h.level, h.time, h.horizon)
    log_likelihood = np.logaddexp(living[h.now], lapsed[h.last])
    return np.minimum(np.exp(alive[h.now] - log_likelihood), 1.0).reshape(x.shape)


def expected_purchases(
    fit: Fit, frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike, weeks: npt.ArrayLike
) -> Array:
    """Return the expected number of purchases in the next `weeks`, given a customer's history.

    frequency, recency, age: purchases, weeks and weeks. All arrays broadcast; the result has their common shape.
    Raises ValueError if the fit has no parameters.

    BG/NBD (MBG/NBD with b + 1 for b), with z = weeks / (alpha + T + weeks) and c = a + b + x - 1:

        p_alive c / (a - 1) (1 - (1 - z)^(a - 1) 2F1(a - 1, a + b - r - 1; c; z))

    This is Fader, Hardie & Lee's equation 10 after Euler's transformation, so that only the argument c grows with x.
    Pareto/NBD: p_alive (r + x) (beta + T) / ((alpha + T) (s - 1)) (1 - ((beta + T) / (beta + T + weeks))^(s - 1)).
    NBD: (r + x) / (alpha + T) weeks.
    """
    x, now, weeks = (np.asarray(column, dtype=float) for column in (frequency, age, weeks))
    r, alpha, *lapse = _values(fit)
    with np.errstate(all="ignore"):
        if fit.model == "nbd":
            alive = (r + x) / (alpha + now) * weeks
        elif fit.model == "pareto_nbd":
            s, beta = lapse
            log_ratio = np.log1p(weeks / (beta + now))
            alive = (r + x) * (beta + now) / (alpha + now) * log_ratio * exprel((1 - s) * log_ratio)
        else:
            a, b = lapse
            b = b + 1 if fit.model == "mbg_nbd" else b
            z = weeks / (alpha + now + weeks)
            alive = _while_alive(r, a, b, x, z)
            if min(abs(a - 1), abs(a + b - 1)) < 1e-5 or not np.isfinite(alive).all():
                # At a = 1 or a + b = 1 the formula is 0 / 0; the mean of both sides is its limit to nine digits.
                alive = (_while_alive(r, a - 2e-5, b, x, z) + _while_alive(r, a + 2e-5, b, x, z)) / 2
    return p_alive(fit, frequency, recency, age) * alive


def _while_alive(r: float, a: float, b: float, x: Array, z: Array) -> Array:
    c = a + b + x - 1
    return c / (a - 1) * (1 - (1 - z) ** (a - 1) * _hyp2f1(a - 1, a + b - r - 1, c, z))


def _hyp2f1(a: float, b: float, c: Array, z: Array) -> Array:
    """Return Gauss's hypergeometric function 2F1(a, b; c; z).

    scipy's function overflows for large b and c near z = 1; there Gauss-Jacobi quadrature computes Euler's integral.
    """
    with np.errstate(all="ignore"):
        value = np.array(hyp2f1(a, b, c, z))
    c, z = (np.broadcast_to(argument, value.shape) for argument in (c, z))
    lost = ~np.isfinite(value) & (b > 0)
    for last in np.unique(c[lost]):
        nodes, weights = roots_jacobi(200, last - b - 1, b - 1)
        here = lost & (c == last)
        value[here] = (1 - np.multiply.outer(z[here], (1 + nodes) / 2)) ** -a @ (weights / weights.sum())
    return value


def expected_new_purchases(fit: Fit, age: npt.ArrayLike) -> Array:
    """Return the expected number of repeat purchases of a new customer in its first `age` weeks, E[X(t)].

    Raises ValueError if the fit has no parameters.
    """
    return expected_purchases(fit, 0.0, 0.0, 0.0, age)


def expected_spend(fit: Fit, frequency: npt.ArrayLike, mean_spend: npt.ArrayLike) -> Array:
    """Return the expected mean spend per purchase of a customer: p (gamma + m x) / (p x + q - 1).

    frequency: the number of purchases with the mean `mean_spend`; arrays of equal shape. If it is 0, the result is the
    expected mean spend of all customers. Raises ValueError if the fit has no parameters. Fader & Hardie (2013),
    equation 5.
    """
    p, q, gamma = _values(fit)
    x = np.asarray(frequency, dtype=float)
    spend = np.where(x > 0, x * np.asarray(mean_spend, dtype=float), 0.0)
    return p * (gamma + spend) / (p * x + q - 1)
