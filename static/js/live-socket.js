/* <live-socket topics="runs …">: the page's one socket. Each frame holds partials: an element takes the place of the one with
   its id, unless what is on the page is newer (data-version). It shows its own state, comes back by itself, and asks the
   server for the page again and again while sockets are blocked. */
const NO_RETURN = [4401, 4403];
const POLL_SECONDS = 3;
const SILENCE_SECONDS = 25; // then the line is asked whether it is alive,
const ANSWER_SECONDS = 10; // and given up when it does not say so
const PONG = "<!--pong-->";
const WORDS = {
  live: "Live",
  connecting: "Connecting",
  reconnecting: "Reconnecting",
  polling: "Updating every few seconds",
  stale: "Not live: sign in again",
};

class LiveSocket extends HTMLElement {
  #socket = null;
  #topics = new Set();
  #tries = 0;
  #retry = null;
  #silence = null;
  #polling = false;
  #ended = new Set();

  connectedCallback() {
    this.className = "pill";
    this.setAttribute("role", "status");
    this.innerHTML = '<span class="dot"></span><span></span>';
    (this.getAttribute("topics") || "").split(" ").filter(Boolean).forEach((topic) => this.#topics.add(topic));
    this.#show("connecting");
    this.#connect();
    addEventListener("online", () => { if (this.open) this.#ask(); else this.#connect(); });
  }

  disconnectedCallback() { this.#socket?.close(); }

  get open() { return this.#socket?.readyState === WebSocket.OPEN; }

  watch(topic) { this.#topics.add(topic); this.#say("subscribe", [topic]); }
  unwatch(topic) { this.#topics.delete(topic); this.#say("unsubscribe", [topic]); }

  #say(type, topics = null) {
    if (this.open && topics?.length !== 0) this.#socket.send(JSON.stringify(topics ? { type, topics } : { type }));
  }

  #show(state) {
    this.dataset.state = state;
    this.lastElementChild.textContent = WORDS[state];
  }

  #connect() {
    clearTimeout(this.#retry);
    if (this.open || this.#socket?.readyState === WebSocket.CONNECTING) return;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/live/`);
    this.#socket = socket;
    this.#heard();
    socket.onopen = () => { this.#say("subscribe", [...this.#topics]); this.#say("ping"); };
    socket.onmessage = (event) => { this.#heard(); if (event.data === PONG) this.#answered(); else this.apply(event.data); };
    socket.onclose = (event) => { if (socket === this.#socket) this.#closed(event.code); };
  }

  /* The answer comes after the snapshots that were asked for before: by now the page is as the server has it. */
  #answered() {
    this.#tries = 0;
    if (this.dataset.state === "live") return;
    this.#show("live");
    document.dispatchEvent(new CustomEvent("live:joined"));
  }

  /* A line can die without a word, as when a laptop sleeps. */
  #heard() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#ask(), 1000 * SILENCE_SECONDS);
  }

  #ask() {
    clearTimeout(this.#silence);
    this.#say("ping");
    this.#silence = setTimeout(() => this.#giveUp(), 1000 * ANSWER_SECONDS);
  }

  #giveUp() {
    const dead = this.#socket;
    this.#socket = null;
    dead.close();
    this.#closed(0);
  }

  #closed(code) {
    clearTimeout(this.#silence);
    if (NO_RETURN.includes(code)) { this.#show("stale"); return; }
    this.#tries += 1;
    this.#show(this.#tries > 3 ? "polling" : "reconnecting");
    if (this.#tries > 3) this.#poll();
    const most = Math.min(30, 2 ** (this.#tries - 1));
    this.#retry = setTimeout(() => this.#connect(), 1000 * Math.max(0.2, most * Math.random()));
  }

  async #poll() {
    if (this.#polling) return;
    this.#polling = true;
    let away = false;
    while (this.dataset.state === "polling") {
      try {
        await this.#fetchAll();
        if (away) this.#connect(); // the server is back, and likely its sockets too
        away = false;
      } catch { away = true; }
      await new Promise((resolve) => { setTimeout(resolve, POLL_SECONDS * 1000); });
    }
    this.#polling = false;
  }

  async #fetchAll() {
    const opened = document.querySelectorAll("[data-poll-from]");
    for (const place of [location.href, ...[...opened].map((history) => history.dataset.pollFrom)]) {
      const answer = await fetch(place);
      if (answer.redirected) { this.#show("stale"); return; }
      const text = await answer.text();
      if (this.open || this.dataset.state !== "polling") return; // what came by the socket meanwhile is newer
      if (answer.ok) this.#placeAll(text);
    }
    document.dispatchEvent(new CustomEvent("live:changed"));
  }

  #placeAll(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll("[data-merge], [data-version], [data-poll]").forEach((element) => { if (element.id) this.#place(element); });
  }

  apply(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const elements = [...template.content.children];
    const ids = elements.map((element) => element.id);
    elements.forEach((element) => this.#place(element));
    document.dispatchEvent(new CustomEvent("live:changed", { detail: { ids } }));
  }

  #place(element) {
    const present = document.getElementById(element.id);
    if (present === element) return;
    this.#announce(present, element);
    if (present && "merge" in element.dataset) this.#merge(present, element);
    else if (present && "gone" in element.dataset) present.remove();
    else if (present) this.#morph(present, element);
    else if (element.dataset.into) this.#insert(element);
  }

  #morph(present, element) {
    Idiomorph.morph(present, element, { ignoreActiveValue: true });
    const now = document.getElementById(element.id);
    if (now) htmx.process(now);
  }

  #insert(row) {
    const list = document.getElementById(row.dataset.into) || document.querySelector("[data-takes-all]");
    if (!list) return;
    const older = [...list.children].find((other) => other.dataset.created < row.dataset.created);
    if (!older && list.children.length >= most(list)) return;
    list.insertBefore(row, older || null);
    while (list.children.length > most(list)) list.lastElementChild.remove();
    htmx.process(row);
  }

  /* A snapshot of a list: what it holds is placed; what it should hold and does not is gone. A row made after the snapshot
     was drawn may have come before it, and stays. */
  #merge(list, fresh) {
    const rows = [...fresh.children];
    const ids = new Set(rows.map((row) => row.id));
    const oldest = "whole" in fresh.dataset ? "" : rows.at(-1)?.dataset.created ?? "";
    const known = (row) => row.dataset.created >= oldest && !(row.dataset.created > fresh.dataset.asOf);
    [...list.children].forEach((row) => { if (!ids.has(row.id) && known(row)) row.remove(); });
    rows.forEach((row) => this.#place(row));
  }

  /* A run that ends while it is watched is worth a toast; one that was over before is not. */
  #announce(present, fresh) {
    const status = fresh.dataset.status;
    const name = fresh.id.match(/^run-(\d+)(-head|-listed)?$/);
    if (!name || !["completed", "failed", "cancelled"].includes(status) || this.#ended.has(name[1])) return;
    if (!present || !["queued", "running", "stuck"].includes(present.dataset.status)) return;
    this.#ended.add(name[1]);
    const kind = status === "completed" ? "good" : status === "failed" ? "error" : "plain";
    document.querySelector("toast-stack").show(`Run ${name[1]} ${status}`, { kind, href: `/runs/${name[1]}/` });
  }
}

// What scripts and the clock wrote, and what a person opened or ticked, is not the server's to take back: by socket or by htmx.
const KEPT = { "aria-expanded": "*", open: "*", title: "time", checked: "[name=run]" };
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name in KEPT && node.matches(KEPT[name]));
// Nor does what was drawn earlier take the place of what was drawn later, whichever way it came.
Idiomorph.defaults.callbacks.beforeNodeMorphed = (old, fresh) => !(Number(fresh.dataset?.version) < Number(old.dataset?.version));
const most = (list) => Number(list.dataset.most) || 20;
customElements.define("live-socket", LiveSocket);
