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

  axis() {
    const line = (name) => ({ stroke: this.css(name), width: 1 });
    return { stroke: this.css("--muted"), grid: line("--line-soft"), ticks: line("--line"), font: "11px system-ui" };
  },

  written: (value) => (value == null ? "—" : Number(value.toPrecision(5)).toLocaleString()),

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
