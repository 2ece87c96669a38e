// Draws the charts again so that they answer to the mouse, fills their places, and lets a reader choose a subject. The
// numbers are those of the page's data, rounded where the page was made; nothing is computed here.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const NONE = "none";
  const charts = [...document.querySelectorAll(".chart[data-chart]")];
  const select = document.getElementById("subject");
  const metrics = new Map(data.metrics.map((metric) => [metric.name, metric]));
  const waiting = new Set(); // charts that have not been drawn since their rows or their width changed
  let rows = new Map();

  const number = (value, places) =>
    value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });

  const text = (value, metric) =>
    value === null ? NONE : number(value, metric.places) + (metric.sign ? ` ${metric.sign}` : "");

  const interval = (low, high, metric) => {
    if (low === null && high === null) return NONE;
    const bound = (value) => (value === null ? "?" : number(value, metric.places));
    return `${bound(low)} to ${bound(high)}`;
  };

  // The rows of a metric's chart and table, as chart_rows makes them for the subjects that the page opens with.
  const chartRows = (metric, subjects) =>
    Object.entries(subjects).flatMap(([key, colour]) =>
      ((data.values[key] || {})[metric.name] || []).map(([place, value, low, high, n, coverage]) => ({
        month: data.months[place][0],
        when: data.months[place][1] + (place === data.running ? " (running)" : ""),
        who: data.subjects[key],
        colour,
        value,
        low,
        high,
        is_complete: place !== data.running,
        said: text(value, metric),
        between: interval(low, high, metric),
        n: number(n, 0),
        coverage: coverage === null ? NONE : `${number(coverage, 1)} %`,
      })),
    );

  const element = (tag, content, attributes = {}) => {
    const made = document.createElement(tag);
    made.textContent = content;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  const showCard = (card, subjects) => {
    const metric = metrics.get(card.dataset.metric);
    const found = chartRows(metric, subjects);
    const last = new Map();
    for (const row of found) if (row.is_complete && row.value !== null) last.set(row.who, row);
    const latest = [...last.values()].map((row) => {
      const line = document.createElement("span");
      line.append(element("i", "", { class: "dot", "data-colour": row.colour }), `${row.who} `, element("b", row.said), ` ${row.when}`);
      return line;
    });
    card.querySelector(".latest").replaceChildren(...(latest.length ? latest : [element("span", "no figure")]));
    card.querySelector("tbody").replaceChildren(
      ...found.map((row) => {
        const line = document.createElement("tr");
        line.append(
          element("th", row.when, { scope: "row" }),
          element("td", row.who),
          ...[row.said, row.between, row.n, row.coverage].map((shown) => element("td", shown, { class: "number" })),
        );
        return line;
      }),
    );
    rows.set(metric.name, found);
    const chart = card.querySelector(".chart");
    if (found.some((row) => row.value !== null)) waiting.add(chart);
    else {
      waiting.delete(chart);
      chart.replaceChildren();
    }
  };

  const showTiles = (key) => {
    const tiles = data.tiles[key] || [];
    document.querySelectorAll(".tile").forEach((tile, place) => {
      tile.className = `tile ${tiles[place].tone}`;
      for (const field of tile.querySelectorAll("[data-field]")) field.textContent = tiles[place][field.dataset.field];
    });
  };

  const show = () => {
    const key = select.value;
    document.getElementById("tiles-of").textContent = data.subjects[key || "company:all"];
    document.getElementById("cards-of").textContent = key ? data.subjects[key] : data.firstShown[0];
    showTiles(key || "company:all");
    const subjects = key ? { [key]: data.teams[key] || "var(--one)" } : data.firstShown[1];
    document.querySelectorAll(".card").forEach((card) => showCard(card, subjects));
    drawVisible();
  };

  const draw = async (chart) => {
    if (!waiting.delete(chart)) return;
    const spec = { ...data.charts[chart.dataset.chart], width: chart.clientWidth };
    const columns = chart.clientWidth < 450 ? 1 : 0; // a legend in one column fits a phone
    spec.config = { ...spec.config, legend: { ...spec.config.legend, columns } };
    const metric = metrics.get(chart.dataset.chart);
    if (metric) spec.datasets = { rows: rows.get(metric.name) || chartRows(metric, data.firstShown[1]) };
    const place = document.createElement("div");
    await vegaEmbed(place, spec, {
      actions: false,
      ast: true,
      defaultStyle: false,
      logLevel: 1, // errors only
      renderer: "svg",
      tooltip: { theme: "custom", disableDefaultStyle: true },
    });
    chart.replaceChildren(place);
  };

  const isVisible = (chart) => {
    const box = chart.getBoundingClientRect();
    return box.bottom > -300 && box.top < window.innerHeight + 300;
  };
  const drawVisible = () => charts.filter((chart) => waiting.has(chart) && isVisible(chart)).forEach(draw);

  for (const chart of charts) if (chart.firstElementChild) waiting.add(chart);
  document.getElementById("choice").hidden = false;
  select.value = "";
  select.addEventListener("change", show);
  let pause;
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(pause);
    pause = setTimeout(() => {
      for (const chart of charts) if (chart.firstElementChild) waiting.add(chart);
      drawVisible();
    }, 200);
  });
  const observer = new IntersectionObserver((seen) => {
    for (const entry of seen) if (entry.isIntersecting) draw(entry.target);
  }, { rootMargin: "300px" });
  charts.forEach((chart) => observer.observe(chart));
})();
