/* <experiment-found data-from>: what an experiment has found so far. While its run is played it asks for itself again whenever
   something of the run has changed: at most twice a second, and once more after the last change. What was opened stays. */
const REST_MS = 500;

class ExperimentFound extends HTMLElement {
  #busy = false;
  #again = false;

  connectedCallback() {
    this.changed = () => this.#ask();
    document.addEventListener("live:changed", this.changed);
  }

  disconnectedCallback() { document.removeEventListener("live:changed", this.changed); }

  async #ask() {
    if (!this.dataset.from) return; // it is over
    if (this.#busy) { this.#again = true; return; }
    this.#busy = true;
    this.#again = false;
    try {
      const answer = await fetch(this.dataset.from);
      if (answer.ok && !answer.redirected) this.#take(await answer.text());
    } catch { /* the next change asks again */ }
    setTimeout(() => { this.#busy = false; if (this.#again) this.#ask(); }, REST_MS);
  }

  #take(html) {
    const kept = Idiomorph.defaults.callbacks.beforeNodeMorphed;
    const beforeNodeMorphed = (old, fresh) => !old.dataset?.loaded && kept(old, fresh);
    Idiomorph.morph(this, html, { ignoreActiveValue: true, callbacks: { beforeNodeMorphed } });
    htmx.process(this);
  }
}
customElements.define("experiment-found", ExperimentFound);

/* The proposals of an iteration, once they were fetched, are not the server's to take back. */
document.addEventListener("htmx:afterSwap", ({ target }) => { if (target.matches(".iteration > .body")) target.dataset.loaded = "true"; });
