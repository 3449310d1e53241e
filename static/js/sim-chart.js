/* <sim-chart data-run data-metric data-turns>: one metric over the turns. With `data-when-known` it is out of sight until the run's
   live card knows a value of it. A <select name="series"> chooses another series to draw in its place. It pulls its points from the public API, only those
   it has not got, whenever the run's live card says that more turns are done. How it draws is said by <chart-tools>; of the turns
   that are zoomed in on it pulls finer points. Of very many lines the largest are drawn, and it says so. */
const LEAST_MS = 250, MOST_POINTS = 2000, MOST_LINES = 12, ENDED = ["completed", "failed", "cancelled"];

/* Each value with those of the `window` turns up to it; a thinned series has fewer, so turns are counted, not points. */
const SMOOTH = {
  average(turns, values, window) {
    let first = 0, sum = 0, count = 0;
    return values.map((value, index) => {
      if (value != null) { sum += value; count += 1; }
      for (; turns[first] <= turns[index] - window; first += 1) if (values[first] != null) { sum -= values[first]; count -= 1; }
      return value == null ? value : sum / count;
    });
  },
  ema(turns, values, window) {
    let mean = null, seen = 0;
    return values.map((value, index) => {
      if (value == null) return value;
      const kept = mean == null ? 0 : (1 - 2 / (window + 1)) ** (turns[index] - seen);
      seen = turns[index];
      mean = kept * (mean ?? 0) + (1 - kept) * value;
      return mean;
    });
  },
};

class SimChart extends HTMLElement {
  #lines = new Map();
  #detail = null;
  #last = 0;
  #plot = null;
  #busy = false;
  #again = false;
  #isMapping = false;
  #drawn = []; // names of the lines that the plot shows

  connectedCallback() {
    this.ariaBusy = "true"; // until its first points, or what is wrong, are shown
    this.body = this.querySelector(".plot");
    this.tools = document.querySelector("chart-tools");
    this.key = this.dataset.metric; // the select may name another series, it stays the same chart
    this.choice = this.querySelector("[name=series]");
    this.choice?.addEventListener("change", () => this.#choose());
    this.changed = () => this.#look();
    this.set = () => this.#set();
    document.addEventListener("live:changed", this.changed);
    document.addEventListener("charts:set", this.set);
    Plots.onTheme(() => this.#drawAnew());
    this.body.addEventListener("mouseleave", () => this.#tellNewest());
    this.addEventListener("click", (event) => this.#take(event.target.closest("[data-take]")?.dataset.take));
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.body);
    this.querySelector("details").addEventListener("toggle", () => this.#table());
    this.#fetch();
  }

  disconnectedCallback() {
    document.removeEventListener("live:changed", this.changed);
    document.removeEventListener("charts:set", this.set);
  }

  get #settings() { return this.tools?.settings ?? { hidden: [] }; }

  get #isKnown() { return !("whenKnown" in this.dataset) || (this.#live.known ?? "").split(" ").includes(this.key); }

  get #live() { return document.getElementById(`run-${this.dataset.run}-live`)?.dataset ?? {}; }

  #look() {
    const { turnsDone, status } = this.#live;
    if (Number(turnsDone) > this.#last) this.#fetch();
    else if (status !== this.status) this.#draw();
  }

  /* Another series in the place of this one; an answer that is on its way is for the series before. */
  #choose() {
    this.dataset.metric = this.choice.value;
    this.ariaBusy = "true";
    this.#lines.clear();
    this.#detail = null;
    this.#last = 0;
    this.#plot?.destroy();
    this.#plot = null;
    this.body.textContent = "";
    this.#fetch();
  }

  /* The last turn there will be: of a run that ended early, the last that it played. */
  get #end() {
    this.status = this.#live.status;
    return ENDED.includes(this.status) ? this.#last : Number(this.dataset.turns);
  }

  async #fetch() {
    if (this.#busy) { this.#again = true; return; }
    this.#busy = true;
    this.#again = false;
    this.hidden = !this.#isKnown || this.#settings.hidden.includes(this.key);
    if (!this.#isKnown) { this.#busy = false; this.ariaBusy = "false"; return; }
    // What came piece by piece grows without end; now and then the whole is asked for instead, as few points as at first.
    const anew = Math.max(0, ...[...this.#lines.values()].map((line) => line.size)) > 4 * MOST_POINTS;
    try {
      const data = await this.#ask({ after: anew ? 0 : this.#last });
      if (anew && data) this.#lines.forEach((line) => line.clear());
      if (data) this.#add(data);
      else this.#say("This chart could not be fetched. Reload the page to try again.");
      await this.#refine();
    } catch { this.#say("The server does not answer; the chart goes on when it does."); }
    this.ariaBusy = "false";
    setTimeout(() => { this.#busy = false; if (this.#again) this.#look(); }, LEAST_MS);
  }

  async #ask(turns) {
    const query = new URLSearchParams({ metric: this.dataset.metric, max_points: MOST_POINTS, ...turns });
    const response = await fetch(`/api/v1/runs/${this.dataset.run}/series?${query}`);
    const data = response.ok ? await response.json() : null;
    return data && data.metric !== this.dataset.metric ? this.#ask({ ...turns, after: 0 }) : data;
  }

  /* Lines by name, of a series that is a number or a mapping. */
  #named(data) { return data.kind === "mapping" ? Object.entries(data.series) : [[this.dataset.title, data.points]]; }

  #add(data) {
    this.#isMapping ||= data.kind === "mapping";
    for (const [name, points] of this.#named(data)) {
      if (!points.length) continue;
      if (!this.#lines.has(name)) { this.#lines.set(name, new Map()); this.#plot?.destroy(); this.#plot = null; }
      points.forEach(([turn, value]) => this.#lines.get(name).set(turn, value));
      this.#last = Math.max(this.#last, points.at(-1)[0]);
    }
    this.#draw();
    this.#table();
  }

  /* A part of a long run is drawn at once from the points that are there, and again when its own have come. */
  async #refine() {
    const { zoom } = this.#settings;
    if (!zoom || this.hidden || this.#last <= MOST_POINTS) return;
    const data = await this.#ask({ after: Math.max(0, zoom[0] - 2), until: zoom[1] + 1 });
    if (!data || this.#settings.zoom !== zoom) return;
    const found = new Map(this.#named(data));
    this.#detail = new Map([...this.#lines.keys()].map((name) => [name, new Map(found.get(name) ?? [])]));
    this.#draw();
    this.#table();
  }

  async #set() {
    this.#detail = null;
    this.#drawAnew();
    this.#table();
    this.ariaBusy = "true";
    try { await this.#refine(); } catch { /* the points that are there stay */ }
    this.ariaBusy = "false";
  }

  /* The last turn that is drawn. */
  get furthest() { return this.#plot?.scales.x.max; }

  #say(text) { if (!this.#plot) this.body.textContent = text; }

  /* Undefined where the line has no point because it is thinned, null where the run has no value: only that is a gap. */
  #data(names) {
    const lines = names.map((name) => (this.#detail ?? this.#lines).get(name));
    const turns = [...new Set(lines.flatMap((line) => [...line.keys()]))].sort((a, b) => a - b);
    return [turns, ...lines.map((line) => turns.map((turn) => line.get(turn)))];
  }

  /* As many as can be told apart: those that have the largest values, in their order. */
  #largest() {
    const names = [...this.#lines.keys()];
    if (names.length <= MOST_LINES) return names;
    const peak = (name) => [...this.#lines.get(name).values()].reduce((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);
    const largest = new Set(names.map((name) => [peak(name), name]).sort(([one], [other]) => other - one).slice(0, MOST_LINES).map(([, name]) => name));
    return names.filter((name) => largest.has(name));
  }

  get #isPart() { return this.#drawn.length < this.#lines.size; }

  #tellPart() {
    this.note ??= this.body.parentElement.insertBefore(Object.assign(document.createElement("p"), { className: "foot tiny muted" }), this.body.nextSibling);
    this.note.hidden = !this.#isPart;
    this.note.textContent = `The ${this.#drawn.length} of ${this.#lines.size} with the largest values. The table and the CSV have all.`;
  }

  get #stacked() {
    if (this.#isPart) return false; // what is left out would be missing in the sums
    const below = (line) => [...line.values()].some((value) => value < 0);
    return this.#isMapping && this.#settings.stack && ![...this.#lines.values()].some(below);
  }

  /* What is drawn: the lines; then the same, smoothed; or each on top of those before it. */
  #columns() {
    const [turns, ...lines] = (this.raw = this.#data(this.#drawn));
    const { smooth, window } = this.#settings;
    if (this.#stacked) {
      const sums = new Array(turns.length).fill(0);
      return [turns, ...lines.map((line) => {
        let newest = 0;
        return line.map((value, index) => (sums[index] += newest = value ?? newest));
      })];
    }
    return [turns, ...lines, ...(smooth ? lines.map((line) => SMOOTH[smooth](turns, line, window)) : [])];
  }

  #drawAnew() {
    this.hidden = !this.#isKnown || this.#settings.hidden.includes(this.key);
    this.#plot?.destroy();
    this.#plot = null;
    this.#draw();
  }

  #size() { return { width: Math.max(200, this.body.clientWidth - 24), height: 170 }; }

  #draw() {
    if (!this.#lines.size) { this.#say(ENDED.includes(this.#live.status) ? "No turn has a value of it." : "No values yet."); return; }
    if (this.#plot) { this.#plot.setData(this.#columns()); this.#tellNewest(); return; }
    this.body.textContent = "";
    this.#drawn = this.#largest();
    this.#tellPart();
    this.#plot = new uPlot(this.#options(), this.#columns(), this.body);
    this.#plot.over.addEventListener("dblclick", () => this.tools?.zoom(null));
    this.#tellNewest();
  }

  #series() {
    const names = this.#drawn, { smooth } = this.#settings, isStacked = this.#stacked;
    const own = (plot, value, series, index) => Plots.written(index == null ? value : this.raw[series][index]);
    const line = (name, number, faint, written = Plots.written) => {
      const colour = Plots.css(Plots.colours[number % Plots.colours.length]), stroke = faint ? Plots.faint(colour, 0.35) : colour;
      return {
        label: name || "(no name)",
        stroke,
        width: faint ? 1 : 1.6,
        points: Plots.points(Number(this.dataset.turns) <= 40, stroke),
        value: isStacked ? own : (plot, value) => written(value),
        fill: isStacked && !number ? Plots.faint(colour, 0.4) : undefined,
      };
    };
    const lines = names.map((name, number) => line(name, number, smooth && !isStacked));
    return smooth && !isStacked ? [...lines, ...names.map((name, number) => line(`${name || "(no name)"}, smooth`, number, false, Plots.computed))] : lines;
  }

  #options() {
    const [turns, values] = Plots.axes(), series = this.#series();
    const areas = this.#stacked ? series.slice(1).map((one, number) => ({ series: [number + 2, number + 1], fill: Plots.faint(one.stroke, 0.4) })) : [];
    const x = { time: false, range: () => this.#settings.zoom ?? [1, Math.max(2, this.#end)] };
    return {
      ...this.#size(),
      scales: { x, y: this.#scale() },
      padding: Plots.padding,
      axes: [turns, this.#isLog ? values : Plots.linear(values)],
      series: [{ label: "Turn" }, ...series],
      bands: areas,
      cursor: { sync: { key: `run-${this.dataset.run}` }, drag: { x: true, setScale: false } },
      hooks: { setSelect: [(plot) => this.#selected(plot)] },
      legend: { live: true },
    };
  }

  get #isLog() { return this.#settings.log && !this.#stacked; }

  /* A logarithm knows no zero: where there is one, the scale is linear about it (asinh). */
  #scale() {
    if (this.#stacked) return { range: (plot, least, most) => [0, (most || 1) * 1.04] };
    if (!this.#isLog) return { range: Plots.range };
    const positive = [...this.#lines.values()].every((line) => [...line.values()].every((value) => value == null || value > 0));
    return positive ? { distr: 3 } : { distr: 4, asinh: 1 };
  }

  /* What was dragged over is what all charts show from now. */
  #selected(plot) {
    const { left, width } = plot.select;
    if (width < 4 || !this.tools) return;
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.tools.zoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
  }

  /* While nobody points at a turn, the legend has the newest; told once the plot, which draws later, has drawn. */
  #tellNewest() {
    requestAnimationFrame(() => {
      const plot = this.#plot;
      if (plot && (plot.cursor.idx == null || !this.body.matches(":hover"))) plot.setLegend({ idx: plot.data[0].length - 1 });
    });
  }

  #rows() {
    const names = [...this.#lines.keys()], [turns, ...lines] = this.#data(names);
    return [["Turn", ...names.map((name) => name || "(no name)")], turns.map((turn, index) => [turn, ...lines.map((line) => line[index])])];
  }

  #table() {
    const details = this.querySelector("details");
    if (details.open) details.querySelector(".table").replaceChildren(Plots.table(...this.#rows()));
  }

  #take(how) {
    const { run, metric, title } = this.dataset, name = `run-${run}-${metric}`;
    if (how === "png" && this.#plot) Plots.png(this.#plot, `${title} · run ${run}`, `${name}.png`);
    if (how !== "csv") return;
    const [head, rows] = this.#rows();
    const [from, to] = this.#detail ? this.#settings.zoom : [1, this.#last];
    const thinned = rows.length < to - from ? [`thinned: the peaks of turns ${from} to ${to}; /api/v1/runs/${run}/export?format=csv has all`] : [];
    Plots.csv([`run ${run}: ${metric}`, ...thinned], head, rows, `${name}.csv`);
  }
}
customElements.define("sim-chart", SimChart);
