/* <chart-tools data-scenario>: how the charts of a run page are drawn, all of them alike: which, on what scale, how smooth, which
   turns. All but the turns is remembered for the scenario. The charts hear "charts:set" and read `settings`. */
class ChartTools extends HTMLElement {
  settings = { hidden: [], log: false, stack: false, smooth: "", window: 10, zoom: null };

  connectedCallback() {
    this.form = this.querySelector("form");
    this.key = `charts:${this.dataset.scenario}`;
    try { Object.assign(this.settings, JSON.parse(localStorage.getItem(this.key)), { zoom: null }); } catch { /* as if nothing was remembered */ }
    this.#show();
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", () => this.#read());
    this.form.elements.reset.addEventListener("click", () => this.zoom(null));
    this.hidden = false;
  }

  /* The turns that all charts show: [from, to], or null for all. */
  zoom(turns) {
    const last = Number(this.dataset.turns);
    const [from, to] = (turns ?? [1, last]).map((turn) => Math.min(last, Math.max(1, Math.round(turn))));
    this.settings.zoom = from < to && (from > 1 || to < last) ? [from, to] : null;
    this.#show();
    this.#tell();
  }

  #ticks() { return [...this.form.querySelectorAll("[name=metric]")]; }

  #show() {
    const { hidden, log, stack, smooth, window, zoom } = this.settings, { elements } = this.form;
    this.#ticks().forEach((tick) => { tick.checked = !hidden.includes(tick.value); });
    Object.assign(elements.log, { checked: log });
    Object.assign(elements.stack, { checked: stack });
    Object.assign(elements.smooth, { value: smooth });
    Object.assign(elements.window, { value: window, disabled: !smooth });
    elements.from.value = zoom && zoom[0] > 1 ? zoom[0] : ""; // what is not said is the first, or the last
    elements.to.value = zoom && zoom[1] < Number(this.dataset.turns) ? zoom[1] : "";
    elements.reset.disabled = !zoom;
    const shown = this.#ticks().filter((tick) => tick.checked).length;
    this.querySelector("[data-count]").textContent = `${shown} of ${this.#ticks().length}`;
  }

  #read() {
    const { log, stack, smooth, window, from, to } = this.form.elements;
    const unticked = this.#ticks().filter((tick) => !tick.checked).map((tick) => tick.value);
    const elsewhere = this.settings.hidden.filter((key) => !this.#ticks().some((tick) => tick.value === key));
    Object.assign(this.settings, { hidden: [...elsewhere, ...unticked], log: log.checked, stack: stack.checked, smooth: smooth.value, window: Math.max(2, Number(window.value) || 10) });
    const { zoom, ...kept } = this.settings;
    try { localStorage.setItem(this.key, JSON.stringify(kept)); } catch { /* then it is not remembered */ }
    this.zoom(from.value || to.value ? [Number(from.value) || 1, Number(to.value) || Infinity] : null);
  }

  #tell() { document.dispatchEvent(new Event("charts:set")); }
}
customElements.define("chart-tools", ChartTools);
