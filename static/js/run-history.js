/* <run-table>: one row open at a time; its history is fetched when it is first opened, and then kept live. */
class RunTable extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => this.#click(event));
    this.addEventListener("keydown", (event) => this.#keys(event));
    this.addEventListener("htmx:beforeRequest", (event) => {
      if (event.target.matches("form")) this.#open(event.target.closest(".simulation"), { load: false });
    });
    this.addEventListener("htmx:afterSwap", (event) => { if (event.target.matches(".history")) event.target.dataset.loaded = ""; });
    for (const name of ["htmx:responseError", "htmx:sendError"]) this.addEventListener(name, (event) => this.#failed(event));
    const wanted = location.hash.match(/^#open=(.+)$/);
    const row = wanted && this.querySelector(`.simulation[data-slug="${CSS.escape(wanted[1])}"]`);
    if (row) customElements.whenDefined("live-socket").then(() => setTimeout(() => this.#open(row)));
  }

  #click(event) {
    if (event.target.closest("[data-reload]")) return this.#load(event.target.closest(".simulation"));
    const row = event.target.closest(".simulation > .row");
    if (!row || event.target.closest("a, form, button:not(.chevron)")) return null;
    const simulation = row.parentElement;
    return row.querySelector(".chevron").ariaExpanded === "true" ? this.#close(simulation) : this.#open(simulation);
  }

  #keys(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches(".chevron")) return;
    const buttons = [...this.querySelectorAll(".chevron")];
    const next = buttons[buttons.indexOf(event.target) + step];
    if (next) { event.preventDefault(); next.focus(); }
  }

  #open(simulation, { load = true } = {}) {
    this.querySelectorAll(".simulation").forEach((other) => { if (other !== simulation) this.#close(other); });
    const drawer = simulation.querySelector(".drawer");
    simulation.querySelector(".chevron").ariaExpanded = "true";
    drawer.hidden = false;
    history.replaceState(null, "", `${location.pathname}${location.search}#open=${simulation.dataset.slug}`);
    document.querySelector("live-socket")?.watch(`simulation:${simulation.dataset.slug}`);
    if (load && !("loaded" in simulation.querySelector(".history").dataset)) this.#load(simulation);
  }

  #close(simulation) {
    const chevron = simulation.querySelector(".chevron");
    if (chevron.ariaExpanded !== "true") return;
    chevron.ariaExpanded = "false";
    simulation.querySelector(".drawer").hidden = true;
    if (location.hash === `#open=${simulation.dataset.slug}`) history.replaceState(null, "", location.pathname + location.search);
    document.querySelector("live-socket")?.unwatch(`simulation:${simulation.dataset.slug}`);
  }

  #load(simulation) {
    const chevron = simulation.querySelector(".chevron");
    htmx.process(chevron); // a row that its address opens may be ahead of htmx
    htmx.trigger(chevron, "load-history");
  }

  #failed(event) {
    const panel = event.target.closest(".simulation")?.querySelector(".history");
    if (!panel || "loaded" in panel.dataset) return;
    panel.innerHTML = `<p class="empty small" role="alert">The history could not be fetched.
      <button class="button small" type="button" data-reload>Try again</button></p>`;
  }
}

/* <run-history>: five rows, or all of the twenty it keeps. */
class RunHistory extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("[data-show-all]");
    this.button.addEventListener("click", () => { this.toggleAttribute("data-short"); this.#count(); });
    this.observer = new MutationObserver(() => this.#count());
    this.observer.observe(this.querySelector(".history-rows"), { childList: true });
    this.#count();
  }

  disconnectedCallback() { this.observer?.disconnect(); }

  #count() {
    const rows = this.querySelector(".history-rows").children.length;
    const short = this.hasAttribute("data-short");
    this.querySelector(".none").hidden = rows > 0;
    this.button.hidden = rows <= 5;
    this.button.textContent = short ? `Show all (${rows})` : "Show less";
    this.button.ariaExpanded = String(!short);
  }
}

customElements.define("run-table", RunTable);
customElements.define("run-history", RunHistory);
