/* The ⋮ menu, as the W3C's menu button pattern has it. One menu for the page, drawn from the row that it belongs to. */
const RunMenu = {
  menu: null,
  owner: null,
  top: 0,

  open(owner, last = false) {
    this.close();
    const menu = document.getElementById("run-menu").content.firstElementChild.cloneNode(true);
    const may = (owner.dataset.menu || "").split(" ");
    menu.querySelectorAll("button[data-act]").forEach((item) => {
      if (!may.includes(item.dataset.act)) item.setAttribute("aria-disabled", "true");
    });
    menu.querySelector("[data-act=view]").href = owner.getAttribute("href");
    menu.querySelector("[data-act=compare]").href = `/compare/?runs=${owner.dataset.run}`;
    document.body.append(menu);
    const place = owner.getBoundingClientRect();
    this.top = place.top;
    const below = place.bottom + menu.offsetHeight + 8 < innerHeight;
    menu.style.top = `${scrollY + (below ? place.bottom + 2 : place.top - menu.offsetHeight - 2)}px`;
    menu.style.left = `${Math.max(8, scrollX + place.right - menu.offsetWidth)}px`;
    owner.ariaExpanded = "true";
    Object.assign(this, { menu, owner: owner.id });
    this.focus(last ? -1 : 0);
  },

  close(back = false) {
    if (!this.menu) return;
    const owner = document.getElementById(this.owner);
    this.menu.remove();
    this.menu = null;
    if (owner) owner.ariaExpanded = "false";
    if (back) owner?.focus();
  },

  /* The page moved under the menu. A scroll that began before it opened, and is told late, moves nothing. */
  scrolled() {
    const place = document.getElementById(this.owner)?.getBoundingClientRect();
    if (!(Math.abs(place?.top - this.top) <= 1)) this.close();
  },

  items() { return [...this.menu.querySelectorAll("[role=menuitem]:not([aria-disabled])")]; },
  focus(index) { const items = this.items(); items.at(index % items.length)?.focus(); },
  step(by) { const items = this.items(); this.focus((items.indexOf(document.activeElement) + by + items.length) % items.length); },

  choose(item) {
    const run = document.getElementById(this.owner)?.dataset.run;
    this.close(true);
    if (item.matches("button") && run) actOnRun(run, item.dataset.act);
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-menu]");
  if (button && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    if (RunMenu.menu && RunMenu.owner === button.id) RunMenu.close(true);
    else RunMenu.open(button);
    return;
  }
  const item = RunMenu.menu && event.target.closest(".menu [role=menuitem]");
  if (item && item.matches("button")) { if (!item.hasAttribute("aria-disabled")) RunMenu.choose(item); }
  else RunMenu.close();
});
document.addEventListener("keydown", (event) => {
  const button = event.target.closest("[data-menu]");
  if (button && ["Enter", " ", "ArrowDown", "ArrowUp"].includes(event.key)) {
    event.preventDefault();
    RunMenu.open(button, event.key === "ArrowUp");
  } else if (RunMenu.menu) {
    const acts = {
      ArrowDown: () => RunMenu.step(1),
      ArrowUp: () => RunMenu.step(-1),
      Home: () => RunMenu.focus(0),
      End: () => RunMenu.focus(-1),
      Escape: () => RunMenu.close(true),
      Tab: () => RunMenu.close(true), // back to its button, from where the browser goes on
      " ": () => event.target.click(),
    };
    const act = acts[event.key];
    if (act) { if (event.key !== "Tab") event.preventDefault(); act(); }
  }
});
addEventListener("scroll", () => RunMenu.scrolled(), { passive: true, capture: true });
