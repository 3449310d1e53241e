/* What all charts share: the theme's colours, axes, what is written into a legend, and taking a chart away as PNG or CSV. */
const Plots = {
  colours: [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `--series-${number}`),

  /* A token's colour as a canvas understands it: light-dark() is settled only where a property uses it. */
  css(name) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  },

  faint(colour, share) { return colour.replace(/^rgba?\(([^,]+),([^,]+),([^,)]+).*$/, `rgba($1,$2,$3,${share})`); },

  /* Both axes: turns, which are whole, and values, labelled as exactly as their steps are and with the room that takes. */
  axes() {
    const line = (name) => ({ stroke: this.css(name), width: 1 });
    const axis = { stroke: this.css("--muted"), grid: line("--line-soft"), ticks: line("--line"), font: "11px system-ui" };
    const turns = { ...axis, incrs: this.steps(true), splits: this.splits, values: this.labels };
    return [turns, { ...axis, size: this.room, space: 28, values: this.labels }];
  },

  /* The axis of values that are drawn as they are. */
  linear(axis) { return { ...axis, incrs: this.steps(false), splits: this.splits }; },

  range(plot, least, most) {
    if (least == null) return [0, 1];
    const edge = (value) => Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value));
    if (least === most) return [Math.min(0, edge(2 * least)), Math.max(0, edge(2 * most)) || (least ? 0 : 1)];
    const margin = most / 10 - least / 10, [low, high] = [edge(least - margin), edge(most + margin)];
    return [least >= 0 ? Math.max(0, low) : low, most <= 0 ? Math.min(0, high) : high];
  },

  /* The smallest of 1, 2, 2.5 and 5 times a power of ten for which there is room. It is kept with the axis: uPlot's own steps end at
     1e-16 and 1e32, so it is told one that suits it always, and `splits` and `labels` go by the real one. */
  steps: (isWhole) => (plot, axis, least, most, size, space) => {
    const room = Math.max(Number.MIN_VALUE, (most / size - least / size) * space), power = Math.floor(Math.log10(room));
    const powers = [power, power + 1].map((ten) => Math.max(isWhole ? 0 : -323, ten));
    const found = powers.flatMap((ten) => [1, 2, 2.5, 5].map((part) => Number(`${part}e${ten}`))).filter((step) => !isWhole || Number.isInteger(step));
    plot.axes[axis].step = found.find((step) => step >= room) ?? found.at(-1);
    return [Math.max(5, most - least)];
  },

  splits(plot, axis, least, most) {
    const { step } = plot.axes[axis], first = Math.ceil(least / step - 1e-9), count = Math.floor(most / step + 1e-9) - first + 1;
    return Array.from({ length: Math.max(0, Math.min(count, 100)) }, (_, place) => (first + place) * step);
  },

  labels(plot, splits, axis) {
    const most = Math.max(...splits.map(Math.abs)), { step, scale } = plot.axes[axis];
    if (plot.scales[scale].distr > 2) return splits.map((value) => (value == null ? "" : Plots.written(value)));
    if (most && (most < 1e-4 || most >= 1e9)) return splits.map((value) => (value ? Number(value.toPrecision(12)).toExponential() : "0"));
    const [mantissa, power] = step.toExponential().split("e"), places = Math.max(0, (mantissa.split(".")[1] ?? "").length - power);
    return splits.map((value) => value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places }));
  },

  /* As wide as the longest label. */
  room(plot, labels, axis, cycle) {
    const { _size, ticks, gap, font } = plot.axes[axis];
    if (cycle > 1) return _size;
    return Math.max(40, Math.ceil(Plots.width(plot, labels ?? [], font[0]) + ticks.size + gap + 4));
  },

  width(plot, labels, font) {
    plot.ctx.save();
    plot.ctx.font = font;
    const widths = labels.map((label) => plot.ctx.measureText(label).width / devicePixelRatio);
    plot.ctx.restore();
    return Math.max(0, ...widths);
  },

  /* Half a label of the last turn reaches beyond the axis. */
  padding: [10, (plot) => Math.max(18, 6 + Plots.width(plot, [Plots.written(plot.scales.x.max ?? 0)], plot.axes[0].font?.[0] ?? "11px system-ui") / 2), 0, 0],

  /* Values with a gap or an end on either side are no line: they are dots, however many turns there are. */
  points: (all, colour) => ({
    show: all,
    size: 5,
    fill: colour,
    filter: (plot, series, show) => (show ? null : Plots.lone(plot.data[series])),
  }),

  lone(values) {
    const known = [...values.keys()].filter((place) => values[place] !== undefined); // undefined is no gap: it was thinned out
    return known.filter((place, at) => values[place] != null && values[known[at - 1]] == null && values[known[at + 1]] == null);
  },

  written(value) {
    if (value == null) return "—";
    const size = Math.abs(value);
    if (size && (size < 1e-6 || size >= 1e15)) return Number(value.toPrecision(10)).toExponential();
    return value.toLocaleString("en-US", { maximumSignificantDigits: Number.isInteger(value) ? 16 : 10 });
  },

  /* What was computed of values and not measured: five digits or the whole part, and no more decimals than one can read. */
  computed(value) {
    if (value == null) return Plots.written(value);
    const rounded = Math.abs(value) < 1e4 || Math.abs(value) >= 1e15 ? Number(value.toPrecision(5)) : Math.round(value);
    return Math.abs(value) >= 0.1 && Math.abs(value) < 1e4 ? rounded.toLocaleString("en-US") : Plots.written(rounded);
  },

  onTheme(draw) {
    document.addEventListener("theme-changed", draw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  },

  table(head, rows) {
    const table = document.createElement("table");
    const titles = table.createTHead().insertRow();
    head.forEach((name) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = name;
      titles.append(cell);
    });
    const body = table.createTBody();
    rows.forEach((cells) => {
      const row = body.insertRow();
      cells.forEach((value) => { row.insertCell().textContent = value ?? "—"; });
    });
    return table;
  },

  download(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  },

  /* As runs/csv_lines.py writes it: what a spreadsheet would take for a formula is a text; quoted where a reader would cut.
     With ?bom=1 in the page's address it begins with a byte-order mark, by which Excel knows UTF-8. */
  csv(comments, head, rows, name) {
    const safe = (value) => (typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? ""));
    const quoted = (text) => (/[",;#\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const note = (text) => `# ${text.replaceAll(/\s+/g, " ").replaceAll(/[,;] ?/g, " ")}`;
    const lines = [...comments.map(note), ...[head, ...rows].map((cells) => cells.map((value) => quoted(safe(value))).join(","))];
    const bom = new URLSearchParams(location.search).get("bom") === "1" ? "\ufeff" : "";
    this.download(new Blob([`${bom}${lines.join("\n")}\n`], { type: "text/csv" }), name);
  },

  /* The canvas has neither ground nor title: they are painted below it. */
  png(plot, title, name) {
    const from = plot.ctx.canvas, head = 30 * devicePixelRatio;
    const canvas = Object.assign(document.createElement("canvas"), { width: from.width, height: from.height + head });
    const paint = canvas.getContext("2d");
    paint.fillStyle = this.css("--surface");
    paint.fillRect(0, 0, canvas.width, canvas.height);
    paint.fillStyle = this.css("--text");
    paint.font = `600 ${13 * devicePixelRatio}px system-ui`;
    paint.fillText(title, 12 * devicePixelRatio, 20 * devicePixelRatio);
    paint.drawImage(from, 0, head);
    canvas.toBlob((blob) => this.download(blob, name));
  },
};
