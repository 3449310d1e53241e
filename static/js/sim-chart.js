/* <sim-chart data-run data-metric data-turns>: one metric over the turns. It pulls its points from the public API, only those
   it has not got, whenever the run's live card says that more turns are done. */
const LEAST_MS = 250;
const COLOURS = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5", "--series-6", "--series-7", "--series-8"];
/* A token's colour as a canvas understands it: light-dark() is settled only where a property uses it. */
function css(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

class SimChart extends HTMLElement {
  #lines = new Map();
  #last = 0;
  #plot = null;
  #busy = false;
  #again = false;

  connectedCallback() {
    this.ariaBusy = "true"; // until its first points, or what is wrong, are shown
    this.body = this.querySelector(".plot");
    this.changed = () => this.#look();
    document.addEventListener("live:changed", this.changed);
    document.addEventListener("theme-changed", () => this.#drawAnew());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#drawAnew());
    this.body.addEventListener("mouseleave", () => this.#tellNewest());
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.body);
    this.querySelector("details").addEventListener("toggle", () => this.#table());
    this.#fetch();
  }

  disconnectedCallback() { document.removeEventListener("live:changed", this.changed); }

  #look() {
    const live = document.getElementById(`run-${this.dataset.run}-live`);
    if (live && Number(live.dataset.turnsDone) > this.#last) this.#fetch();
  }

  async #fetch() {
    if (this.#busy) { this.#again = true; return; }
    this.#busy = true;
    this.#again = false;
    try {
      const query = new URLSearchParams({ metric: this.dataset.metric, after: this.#last, max_points: 2000 });
      const response = await fetch(`/api/v1/runs/${this.dataset.run}/series?${query}`);
      if (response.ok) this.#add(await response.json());
      else this.#say("This chart could not be fetched. Reload the page to try again.");
    } catch { this.#say("The server does not answer; the chart goes on when it does."); }
    this.ariaBusy = "false";
    setTimeout(() => { this.#busy = false; if (this.#again) this.#look(); }, LEAST_MS);
  }

  #add(data) {
    const lines = data.kind === "mapping" ? Object.entries(data.series) : [[this.dataset.title, data.points]];
    for (const [name, points] of lines) {
      if (!points.length) continue;
      if (!this.#lines.has(name)) { this.#lines.set(name, new Map()); this.#plot?.destroy(); this.#plot = null; }
      points.forEach(([turn, value]) => this.#lines.get(name).set(turn, value));
      this.#last = Math.max(this.#last, points.at(-1)[0]);
    }
    this.#draw();
    this.#table();
  }

  #say(text) { if (!this.#plot) this.body.textContent = text; }

  #data() {
    const turns = [...new Set([...this.#lines.values()].flatMap((line) => [...line.keys()]))].sort((a, b) => a - b);
    return [turns, ...[...this.#lines.values()].map((line) => turns.map((turn) => line.get(turn) ?? null))];
  }

  #drawAnew() { this.#plot?.destroy(); this.#plot = null; this.#draw(); }

  #size() { return { width: Math.max(200, this.body.clientWidth - 24), height: 170 }; }

  #draw() {
    if (!this.#lines.size) { this.#say("No values yet."); return; }
    if (this.#plot) { this.#plot.setData(this.#data()); this.#tellNewest(); return; }
    this.body.textContent = "";
    this.#plot = new uPlot(this.#options(), this.#data(), this.body);
    this.#tellNewest();
  }

  #options() {
    const line = (name) => ({ stroke: css(name), width: 1 });
    const axis = { stroke: css("--muted"), grid: line("--line-soft"), ticks: line("--line"), font: "11px system-ui" };
    const turns = Number(this.dataset.turns);
    const written = (plot, value) => (value == null ? "—" : Number(value.toPrecision(5)).toLocaleString());
    const series = [...this.#lines.keys()].map((name, number) => ({
      label: name,
      stroke: css(COLOURS[number % COLOURS.length]),
      width: 1.6,
      points: { show: turns <= 40 },
      value: written,
    }));
    return {
      ...this.#size(),
      scales: { x: { time: false, range: () => [1, Math.max(2, turns)] } },
      padding: [10, 18, 0, 0],
      axes: [axis, { ...axis, size: 52, space: 26 }],
      series: [{ label: "Turn" }, ...series],
      cursor: { sync: { key: `run-${this.dataset.run}` } },
      legend: { live: true },
    };
  }

  /* While nobody points at a turn, the legend has the newest; told once the plot, which draws later, has drawn. */
  #tellNewest() {
    requestAnimationFrame(() => {
      const plot = this.#plot;
      if (plot && (plot.cursor.idx == null || !this.body.matches(":hover"))) plot.setLegend({ idx: plot.data[0].length - 1 });
    });
  }

  #table() {
    const details = this.querySelector("details");
    if (!details.open) return;
    const [turns, ...lines] = this.#data();
    const names = [...this.#lines.keys()];
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    ["Turn", ...names].forEach((name) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = name;
      head.append(cell);
    });
    const body = table.createTBody();
    turns.forEach((turn, index) => {
      const row = body.insertRow();
      [turn, ...lines.map((line) => line[index] ?? "—")].forEach((value) => { row.insertCell().textContent = value; });
    });
    details.querySelector(".table").replaceChildren(table);
  }
}
customElements.define("sim-chart", SimChart);
