/* <sim-world data-run>: the world of a run on a canvas, frame by frame. It pulls the frames it has not got whenever the live card
   says that more turns are done, follows the newest until a person takes the scrubber, and replays what is kept. */
const PAGE = 50;
const LEAST_WAIT_MS = 500;

class SimWorld extends HTMLElement {
  #frames = [];
  #busy = false;
  #again = false;
  #shown = -1;
  #follows = true;
  #timer = null;

  connectedCallback() {
    this.canvas = this.querySelector("canvas");
    this.range = this.querySelector("input[type=range]");
    this.button = this.querySelector("[data-play]");
    this.setAttribute("aria-busy", "true");
    this.range.addEventListener("input", () => { this.#pause(); this.#follows = this.range.value === this.range.max; this.#show(Number(this.range.value)); });
    this.button.addEventListener("click", () => (this.#timer ? this.#pause() : this.#play()));
    this.querySelector("select").addEventListener("change", () => { if (this.#timer) { this.#pause(); this.#play(); } });
    this.changed = () => this.#fetch();
    this.redraw = () => this.#draw();
    document.addEventListener("live:changed", this.changed);
    document.addEventListener("theme-changed", this.redraw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.redraw);
    this.resize = new ResizeObserver(() => this.#draw());
    this.resize.observe(this);
    this.#fetch();
  }

  disconnectedCallback() {
    this.#pause();
    this.resize.disconnect();
    document.removeEventListener("live:changed", this.changed);
    document.removeEventListener("theme-changed", this.redraw);
  }

  async #fetch() {
    if (this.#busy) { this.#again = true; return; }
    this.#busy = true;
    this.#again = false;
    try {
      let more = true;
      while (more) {
        const query = new URLSearchParams({ cursor: this.#frames.at(-1)?.turn ?? 0, limit: PAGE });
        const answer = await fetch(`/api/v1/runs/${this.dataset.run}/frames?${query}`);
        if (!answer.ok) break;
        const page = await answer.json();
        this.#frames.push(...page.items);
        more = page.next_cursor !== null;
      }
    } catch { /* the server is away; the next change asks again */ }
    this.#settle();
    setTimeout(() => { this.#busy = false; if (this.#again) this.#fetch(); }, LEAST_WAIT_MS);
  }

  #settle() {
    this.setAttribute("aria-busy", "false");
    if (!this.#frames.length) return;
    this.hidden = false;
    this.range.max = this.#frames.length - 1;
    if (this.#follows && !this.#timer) this.#show(this.#frames.length - 1);
  }

  #play() {
    if (this.#shown >= this.#frames.length - 1) this.#show(0);
    this.#follows = false;
    const wait = 1000 / Number(this.querySelector("select").value);
    this.#timer = setInterval(() => {
      if (this.#shown < this.#frames.length - 1) this.#show(this.#shown + 1);
      else this.#pause();
    }, wait);
    this.button.textContent = "❚❚";
    this.button.ariaLabel = "Pause";
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = null;
    this.button.textContent = "▶";
    this.button.ariaLabel = "Play";
  }

  #show(place) {
    this.#shown = Math.max(0, Math.min(place, this.#frames.length - 1));
    this.range.value = this.#shown;
    const { turn } = this.#frames[this.#shown];
    this.querySelector("[data-turn]").textContent = `turn ${turn}`;
    this.range.setAttribute("aria-valuetext", `turn ${turn}`);
    this.canvas.ariaLabel = `The world after turn ${turn}`;
    this.#draw();
  }

  #draw() {
    const frame = this.#frames[this.#shown];
    if (!frame) return;
    const { view } = frame;
    const room = Math.max(200, this.canvas.parentElement.clientWidth - 32);
    const height = view.kind === "grid" ? Math.min((room * view.height) / view.width, 420) : Math.min(320, room);
    const width = view.kind === "grid" ? (height * view.width) / view.height : room;
    const scale = devicePixelRatio || 1;
    Object.assign(this.canvas, { width: width * scale, height: height * scale });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    const pen = this.canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.clearRect(0, 0, width, height);
    const painted = PAINTERS[view.kind]?.(pen, view, width, height, (name) => this.#colour(name));
    this.querySelector(".legend").replaceChildren(...(painted ?? []).map(([colour, name]) => this.#entry(colour, name)));
  }

  #entry(colour, name) {
    const entry = document.createElement("span");
    const swatch = document.createElement("i");
    swatch.style.background = colour;
    entry.append(swatch, name);
    return entry;
  }

  #colour(token) {
    const probe = document.createElement("i");
    probe.style.color = `var(${token})`;
    this.append(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  }
}

const SERIES = ["--line", "--series-1", "--series-2", "--series-3", "--series-4", "--series-5", "--series-6", "--series-7", "--series-8", "--muted"];

/* From −1 to 1, a blue to a red that differ in lightness too. */
function shade(value) {
  const share = (Math.max(-1, Math.min(1, value ?? 0)) + 1) / 2;
  return `oklch(${0.55 + 0.15 * Math.abs(share - 0.5)} ${0.05 + 0.3 * Math.abs(share - 0.5)} ${share < 0.5 ? 255 : 30})`;
}

function box(values, size, margin = 14) {
  const low = Math.min(...values);
  const wide = Math.max(...values) - low || 1;
  return (value) => margin + ((value - low) / wide) * (size - 2 * margin);
}

const OPINIONS = [[shade(-1), "−1"], [shade(0), "0"], [shade(1), "1"]];

function dots(pen, view, width, height, colour) {
  const x = box(view.x, width);
  const y = box(view.y, height);
  if (view.edges) {
    pen.strokeStyle = colour("--line");
    pen.lineWidth = 1;
    pen.beginPath();
    view.edges.forEach(([one, other]) => { pen.moveTo(x(view.x[one]), y(view.y[one])); pen.lineTo(x(view.x[other]), y(view.y[other])); });
    pen.stroke();
  }
  view.x.forEach((place, index) => {
    pen.fillStyle = view.value ? shade(view.value[index]) : colour("--series-1");
    pen.beginPath();
    pen.arc(x(place), y(view.y[index]), 4.5, 0, 2 * Math.PI);
    pen.fill();
  });
  return view.value ? OPINIONS : [];
}

const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/* Of names side by side as many as there is room for, every so many, so that none runs into the next. */
function names(pen, labels, left, step, base) {
  const every = Math.ceil((Math.max(...labels.map((label) => pen.measureText(label).width)) + 8) / step);
  labels.forEach((label, index) => { if (index % every === 0) pen.fillText(label, left + (index + 0.5) * step, base); });
}

const PAINTERS = {
  columns(pen, view, width, height, colour) {
    const all = view.series.flatMap((one) => one.heights);
    const high = Math.max(0, ...all), low = Math.min(0, ...all), marks = [...new Set([high, 0, low])];
    const legend = view.series.map((one, number) => [colour(SERIES[1 + (number % 8)]), one.name]);
    pen.font = "11px system-ui";
    const left = Math.max(...marks.map((mark) => pen.measureText(COMPACT.format(mark)).width)) + 8;
    const scale = (height - 30) / (high - low || 1), y = (value) => 8 + (high - value) * scale;
    const step = (width - left) / Math.max(1, view.labels.length), wide = (step * (step > 12 ? 0.8 : 1)) / view.series.length;
    pen.fillStyle = colour("--muted");
    pen.textAlign = "right";
    marks.filter((mark) => !mark || Math.abs(y(mark) - y(0)) > 12).forEach((mark) => pen.fillText(COMPACT.format(mark), left - 6, y(mark) + 4));
    pen.textAlign = "center";
    if (view.labels.length) names(pen, view.labels, left, step, height - 4);
    view.series.forEach(({ heights }, number) => {
      [pen.fillStyle] = legend[number];
      heights.forEach((value, index) => {
        const tall = value ? Math.max(1, Math.abs(value) * scale) : 0; // what is not nothing can be seen
        const x = left + index * step + (step - wide * view.series.length) / 2 + number * wide;
        pen.fillRect(x, value < 0 ? y(0) : y(0) - tall, Math.max(1, wide - (wide > 4 ? 1 : 0)), tall);
      });
    });
    pen.fillStyle = colour("--muted");
    pen.fillRect(left, y(0), width - left, 1);
    return legend;
  },
  grid(pen, view, width, height, colour) {
    const size = Math.min(width / view.width, height / view.height);
    const colours = SERIES.map(colour);
    for (let row = 0; row < view.height; row += 1) {
      for (let column = 0; column < view.width; column += 1) {
        pen.fillStyle = colours[Number(view.cells[row * view.width + column])];
        pen.fillRect(column * size, row * size, Math.ceil(size), Math.ceil(size));
      }
    }
    return view.legend.map((name, value) => [colours[value], name]);
  },
  points: dots,
  network: dots,
  bars(pen, view, width, height, colour) {
    const room = view.curve.length ? width * 0.62 : width;
    const most = Math.max(...view.heights, 1);
    const step = room / view.heights.length;
    pen.font = "11px system-ui";
    pen.textAlign = "center";
    view.heights.forEach((value, index) => {
      const tall = (value / most) * (height - 26);
      pen.fillStyle = colour("--series-1");
      pen.fillRect(index * step + 1, height - 16 - tall, Math.max(1, step - 2), tall);
      pen.fillStyle = colour("--muted");
      if (step > 22 || index % 5 === 0) pen.fillText(view.labels[index], (index + 0.5) * step, height - 3);
    });
    if (!view.curve.length) return [];
    const side = Math.min(width - room - 24, height - 20);
    const place = ([x, y]) => [room + 20 + x * side, 4 + (1 - y) * side];
    pen.strokeStyle = colour("--line");
    pen.strokeRect(room + 20, 4, side, side);
    [[[0, 0], [1, 1]], view.curve].forEach((line, index) => {
      pen.strokeStyle = colour(index ? "--series-2" : "--muted");
      pen.lineWidth = index ? 2 : 1;
      pen.beginPath();
      line.forEach((point, at) => (at ? pen.lineTo(...place(point)) : pen.moveTo(...place(point))));
      pen.stroke();
    });
    return [[colour("--series-1"), "how many hold so much"], [colour("--series-2"), "Lorenz curve"]];
  },
};

customElements.define("sim-world", SimWorld);
