/* <metric-selector>: search, tick by group, by default, by saved selection; counts what is ticked. Without scripts it is a list
   of checkboxes. */
class MetricSelector extends HTMLElement {
  connectedCallback() {
    this.#show();
    this.search = this.querySelector("[data-search]");
    this.chosen = this.querySelector("input[name=metric_selection]");
    this.search.addEventListener("input", () => this.#filter());
    this.search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    this.addEventListener("change", (event) => { if (event.target.name === "metric_keys") this.#count(); });
    this.addEventListener("click", (event) => this.#click(event));
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.name !== "selection_name") return;
      event.preventDefault();
      event.target.parentElement.querySelector("button").click();
    });
    this.addEventListener("htmx:afterSwap", () => { this.#show(); this.#choose(); });
    this.#count();
  }

  get boxes() { return [...this.querySelectorAll("input[name=metric_keys]")]; }

  #show() { this.querySelectorAll("[data-needs-script]").forEach((element) => { element.hidden = false; }); }

  #click(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const { tick, tickGroup, selection, clear } = button.dataset;
    if (tick) this.#tick(this.#visible(), (box) => (tick === "defaults" ? "default" in box.dataset : tick === "all"));
    if (tickGroup) this.#tick([...button.closest("details").querySelectorAll("input[name=metric_keys]")], () => tickGroup === "all");
    if (selection !== undefined) {
      this.chosen.value = button.dataset.id;
      const keys = new Set(selection.split(" ")); this.#tick(this.boxes, (box) => keys.has(box.value));
    }
    if (clear !== undefined) { this.search.value = ""; this.#filter(); this.search.focus(); }
  }

  #visible() { return this.boxes.filter((box) => !box.closest(".metric").hidden); }

  #tick(boxes, wanted) { boxes.forEach((box) => { box.checked = wanted(box); }); this.#count(); }

  #filter() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    this.querySelectorAll("details.group").forEach((group) => {
      let here = 0;
      group.querySelectorAll(".metric").forEach((metric) => {
        const text = metric.textContent.toLowerCase();
        metric.hidden = !words.every((word) => text.includes(word));
        if (!metric.hidden) here += 1;
      });
      group.hidden = here === 0;
      if (words.length && here) group.open = true;
      found += here;
    });
    this.querySelector("[data-no-match]").hidden = found > 0;
  }

  /* The saved selection that is ticked: the one that was pressed, else the first of these metrics. */
  #choose() {
    const ticked = this.boxes.filter((box) => box.checked).map((box) => box.value).sort().join(" ");
    const saved = [...this.querySelectorAll("button[data-selection]")];
    const fitting = saved.filter((one) => one.dataset.selection.split(" ").sort().join(" ") === ticked);
    const chosen = fitting.find((one) => one.dataset.id === this.chosen.value) || fitting[0];
    this.chosen.value = chosen ? chosen.dataset.id : "";
    saved.forEach((one) => {
      one.parentElement.classList.toggle("on", one === chosen);
      one.setAttribute("aria-pressed", one === chosen);
    });
  }

  #count() {
    this.#choose();
    const boxes = this.boxes;
    const ticked = (some) => some.filter((box) => box.checked).length;
    this.querySelector("[data-count]").textContent = ticked(boxes) ? `${ticked(boxes)} of ${boxes.length}` : "defaults";
    this.querySelectorAll("details.group").forEach((group) => {
      const inside = [...group.querySelectorAll("input[name=metric_keys]")];
      group.querySelector("[data-group-count]").textContent = `${ticked(inside)} of ${inside.length}`;
    });
  }
}
customElements.define("metric-selector", MetricSelector);
