/* <listed-rows data-from="/runs/rows/?columns=…">: a table of chosen columns. What is pushed knows no columns, so the rows of which
   there is news are asked for: all of them together, one request at a time and at most two a second. */
const PAUSE_MS = 500;
const AWAY_MS = 3000;

class ListedRows extends HTMLElement {
  #wanted = new Set();
  #asking = false;

  connectedCallback() {
    document.addEventListener("live:changed", this);
    document.addEventListener("live:joined", this);
  }

  disconnectedCallback() {
    document.removeEventListener("live:changed", this);
    document.removeEventListener("live:joined", this);
  }

  /* Whoever joins, or joins again, may have missed any of them. */
  handleEvent(event) {
    const told = event.type === "live:joined" ? this.#shown() : (event.detail?.ids ?? []).map((id) => id.match(/^run-(\d+)(-progress)?$/)?.[1]);
    told.filter((run) => run && this.querySelector(`#run-${run}-listed`)).forEach((run) => this.#wanted.add(run));
    this.#ask();
  }

  #shown() { return [...this.querySelectorAll("tbody tr")].map((row) => row.id.match(/\d+/)[0]); }

  async #ask() {
    if (this.#asking) return;
    this.#asking = true;
    while (this.#wanted.size && this.isConnected) {
      const asked = [...this.#wanted];
      this.#wanted.clear();
      const answered = await this.#fetch(asked);
      if (!answered) asked.forEach((run) => this.#wanted.add(run));
      await new Promise((resolve) => { setTimeout(resolve, answered ? PAUSE_MS : AWAY_MS); });
    }
    this.#asking = false;
  }

  async #fetch(runs) {
    try {
      const answer = await fetch(`${this.dataset.from}&ids=${runs.join(",")}`);
      if (answer.ok && !answer.redirected) document.querySelector("live-socket").apply(await answer.text());
      return answer.status < 500;
    } catch { return false; }
  }
}

customElements.define("listed-rows", ListedRows);
