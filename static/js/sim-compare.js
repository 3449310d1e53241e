/* <sim-compare data-runs data-metric data-title>: the runs of a comparison over the turns, and below them each group's mean with
   its 95 % interval. Both charts share cursor and zoom. A colour is a group. */
const MOST_NAMED = 8;

class SimCompare extends HTMLElement {
  #plots = {};
  #data = null;

  connectedCallback() {
    this.ariaBusy = "true"; // until its charts, or what is wrong, are shown
    Plots.onTheme(() => this.#draw());
    this.addEventListener("click", (event) => this.#png(event.target.closest("[data-png]")?.dataset.png));
    this.addEventListener("toggle", (event) => this.#table(event.target.closest("[data-fill]")), true);
    new ResizeObserver(() => Object.entries(this.#plots).forEach(([name, plot]) => plot.setSize(this.#size(name)))).observe(this);
    this.#fetch();
  }

  #place(name) { return this.querySelector(`[data-plot=${name}]`); }
  #size(name) { return { width: Math.max(200, this.#place(name).clientWidth - 24), height: 260 }; }
  #say(text) { for (const name of ["bands", "runs"]) this.#place(name).textContent = text; }

  async #fetch() {
    try {
      const isCrowd = this.dataset.runs.split(",").length > MOST_NAMED;
      const query = new URLSearchParams({ runs: this.dataset.runs, metric: this.dataset.metric, carry: this.dataset.carry, part: "series", max_points: isCrowd ? 500 : 2000 });
      const response = await fetch(`/api/v1/compare?${query}`);
      if (response.ok) { this.#data = await response.json(); this.#draw(); } else this.#say("The charts could not be fetched. Reload the page to try again.");
    } catch { this.#say("The server does not answer. Reload the page to try again."); }
    this.querySelectorAll("[data-png]").forEach((button) => { button.hidden = !this.#data; });
    this.ariaBusy = "false";
  }

  #draw() {
    if (!this.#data) return;
    Object.values(this.#plots).forEach((plot) => plot.destroy());
    const labels = this.#data.groups.map((group) => group.label);
    const colours = Plots.colours.map((name) => Plots.css(name));
    this.colour = (label) => colours[labels.indexOf(label) % colours.length];
    this.#plots = { bands: this.#plot("bands", this.#bands()), runs: this.#plot("runs", this.#runs()) };
  }

  #plot(name, { columns, series, bands = [] }) {
    this.#place(name).textContent = "";
    const [turns, values] = Plots.axes();
    const options = {
      ...this.#size(name),
      scales: { x: { time: false, range: (plot, first, last) => (first === last ? [first - 0.5, last + 0.5] : [first, last]) }, y: { range: Plots.range } },
      padding: Plots.padding,
      axes: [turns, Plots.linear(values)],
      series: [{ label: "Turn" }, ...series],
      bands,
      cursor: { sync: { key: "compare" } },
      legend: { show: series.length <= 5 * MOST_NAMED },
    };
    return new uPlot(options, columns, this.#place(name));
  }

  /* Each group's mean, its interval, and of how many runs they are; the last is written and not drawn. */
  #bands() {
    const tables = this.#data.bands.map((band) => [band.turns, band.mean, band.low, band.high, band.n]);
    const series = [], bands = [];
    for (const { group } of this.#data.bands) {
      const stroke = this.colour(group), value = (_, number) => Plots.written(number);
      const edge = { stroke: Plots.faint(stroke, 0.3), width: 1, points: { show: false }, value };
      bands.push({ series: [series.length + 3, series.length + 2], fill: Plots.faint(stroke, 0.16) });
      series.push({ label: `${group} mean`, stroke, width: 2, points: Plots.points(false, stroke), value });
      series.push({ ...edge, label: `${group} from` }, { ...edge, label: `${group} to` });
      series.push({ label: `${group} runs`, stroke, scale: "runs", paths: () => null, points: { show: false }, value });
    }
    return { columns: uPlot.join(tables), series, bands };
  }

  #runs() {
    const drawn = this.#data.series.filter((one) => one.turns.length);
    const apart = new Map(this.#data.groups.flatMap((group) => group.apart.map(({ run, why }) => [run, why])));
    const crowd = drawn.length > MOST_NAMED;
    const seen = {};
    const series = drawn.map(({ run, group }) => {
      const place = (seen[group] = (seen[group] ?? -1) + 1), isFaint = crowd || apart.has(run);
      const stroke = isFaint ? Plots.faint(this.colour(group), 0.45) : this.colour(group);
      return {
        label: `Run ${run} · ${group}${apart.has(run) ? `, ${apart.get(run)}` : ""}`,
        stroke,
        width: isFaint ? 1 : 1.6,
        dash: apart.has(run) ? [1, 3] : crowd || !place ? undefined : [[6, 4], [2, 3], [10, 3, 2, 3]][(place - 1) % 3],
        points: Plots.points(false, stroke),
        value: (_, value) => Plots.written(value),
      };
    });
    return { columns: drawn.length ? uPlot.join(drawn.map((one) => [one.turns, one.values])) : [[]], series };
  }

  #png(name) {
    if (name) Plots.png(this.#plots[name], `${this.dataset.title} · runs ${this.dataset.runs}`.slice(0, 110), `comparison-${name}.png`);
  }

  #table(details) {
    if (!details?.open || !this.#data) return;
    const { columns, series } = details.dataset.fill === "bands" ? this.#bands() : this.#runs();
    const rows = columns[0].map((turn, index) => [turn, ...columns.slice(1).map((column) => column[index])]);
    details.querySelector(".table").replaceChildren(Plots.table(["Turn", ...series.map((one) => one.label)], rows));
  }
}
customElements.define("sim-compare", SimCompare);

/* A tick or another metric is shown at once; what stays ticked is the address. */
document.getElementById("chosen").addEventListener("change", (event) => { if (event.target.matches("select, [type=checkbox]")) event.currentTarget.requestSubmit(); });
document.getElementById("chosen").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = new FormData(event.currentTarget);
  const ends = event.currentTarget.elements.carry?.checked === false ? { carry: 0 } : {}; // what is not said is the usual
  const query = new URLSearchParams({ metric: form.get("metric") ?? "", ...ends });
  location.assign(`?runs=${[...form.getAll("runs"), form.get("add")].join(",").split(/[\s,;]+/).filter(Boolean).join(",")}&${query}`);
});
