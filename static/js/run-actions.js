/* What may be done to a run, by script: one request, one toast, and no other page unless it was asked for.
   Without scripts the same buttons are plain form submits. */
const SAID = { stop: "is stopped", retry: "is queued, a retry of", again: "is queued, as another go of", verify: "is queued, a replay of", delete: "is deleted", restore: "is back" };

async function actOnRun(run, act) {
  const toasts = document.querySelector("toast-stack");
  let response;
  try {
    const headers = { "X-Requested-By": "script", ...JSON.parse(document.body.getAttribute("hx-headers")) };
    response = await fetch(`/runs/${run}/${act}/`, { method: "POST", headers });
  } catch {
    toasts.show("The server does not answer. Nothing was changed.", { kind: "error" });
    return null;
  }
  if (!response.ok) {
    toasts.show(response.headers.get("Content-Type").startsWith("text/plain") ? await response.text() : "This was refused.", { kind: "error" });
    return null;
  }
  const made = response.headers.get("X-Run");
  const cannot = act === "verify" && made === String(run);
  const text = cannot ? `Run ${run} cannot be verified; its page says why` : made === String(run) ? `Run ${run} ${SAID[act]}` : `Run ${made} ${SAID[act]} run ${run}`;
  const undo = act === "delete" ? { label: "Undo", run: () => actOnRun(run, "restore") } : null;
  toasts.show(text, { href: act === "delete" ? "" : response.headers.get("X-Location"), act: undo, seconds: undo ? 12 : 6 });
  return response.headers.get("X-Location");
}

/* <run-actions data-run="7">: the buttons of the run page. A new run is worth going to; a deleted one is left. */
class RunActions extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", async (event) => {
      const button = event.target.closest("button[data-act]");
      if (!button) return;
      event.preventDefault();
      button.disabled = true;
      const act = button.dataset.act;
      const place = await actOnRun(this.dataset.run, act);
      if (place && (act === "retry" || act === "again")) location.assign(place);
      else if (place && act === "delete") location.reload();
      button.disabled = false;
    });
  }
}
if (!customElements.get("run-actions")) customElements.define("run-actions", RunActions);

/* The records below the charts, unless an earlier page of them is being read, and the highlights above them follow the run, at most
   once a second. */
let followed = document.querySelector("[id^=run-][id$=-live]")?.dataset.version;
let next = null;
document.addEventListener("live:changed", () => {
  const records = document.querySelector("#records");
  const live = records && document.getElementById(`run-${records.dataset.run}-live`);
  if (!live || live.dataset.version === followed || next) return;
  next = setTimeout(() => {
    next = null;
    followed = live.dataset.version;
    htmx.trigger("#records", "records-changed");
  }, 1000);
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const toasts = document.querySelector("toast-stack");
  const spec = JSON.parse(document.querySelector(button.dataset.copy).textContent);
  try {
    await navigator.clipboard.writeText(JSON.stringify(spec, null, 2)); // browsers offer it over https and on localhost only
    toasts.show("The spec is copied");
  } catch {
    toasts.show("This browser does not let pages copy. The tab Spec has it as text.", { kind: "error" });
  }
});

/* A link within the page to a decision opens it, too. */
addEventListener("hashchange", () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target?.matches(".decisions details")) return;
  target.open = true;
  target.querySelector("summary").focus();
});
