/* One clock for the page, the server's: it writes times in words and lets running durations tick. It touches only text,
   and only while something on the page needs it. */
(() => {
  const meta = document.querySelector('meta[name="server-time"]');
  const offset = Number(meta.content) * 1000 - performance.timeOrigin - performance.now();
  const now = () => performance.timeOrigin + performance.now() + offset;

  function duration(milliseconds) {
    const seconds = Math.max(0, Math.floor(milliseconds / 1000));
    const pad = (number) => String(number).padStart(2, "0");
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
    return `${Math.floor(seconds / 3600)} h ${pad(Math.floor(seconds / 60) % 60)} m`;
  }

  function ahead(seconds, moment) {
    if (seconds < 60) return "in a moment";
    if (seconds < 3600) return `in ${Math.floor(seconds / 60)} min`;
    if (seconds < 86400) return `in ${Math.floor(seconds / 3600)} h`;
    if (seconds < 172800) return "in a day";
    if (seconds < 30 * 86400) return `in ${Math.floor(seconds / 86400)} days`;
    return new Date(moment).toLocaleDateString();
  }

  function ago(moment) {
    const seconds = (now() - moment) / 1000;
    if (seconds < -5) return ahead(-seconds, moment);
    if (seconds < 10) return "just now";
    if (seconds < 60) return `${Math.floor(seconds)} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
    if (seconds < 172800) return "yesterday";
    if (seconds < 30 * 86400) return `${Math.floor(seconds / 86400)} days ago`;
    return new Date(moment).toLocaleDateString();
  }

  function at(moment) {
    const isToday = moment.toDateString() === new Date(now()).toDateString();
    const day = isToday ? {} : { month: "short", day: "numeric" };
    const year = moment.getFullYear() === new Date(now()).getFullYear() ? {} : { year: "numeric" };
    return moment.toLocaleString(undefined, { ...day, ...year, hour: "2-digit", minute: "2-digit" });
  }

  const write = (element, text) => { if (element.textContent !== text) element.textContent = text; };

  function tell(root = document) {
    root.querySelectorAll("time[data-relative]").forEach((time) => {
      const moment = Date.parse(time.dateTime);
      write(time, ago(moment));
      const full = new Date(moment).toLocaleString(undefined, { dateStyle: "full", timeStyle: "medium" });
      if (time.title !== full) time.title = full;
    });
    root.querySelectorAll("time[data-at]").forEach((time) => write(time, at(new Date(Date.parse(time.dateTime)))));
    root.querySelectorAll("time[data-local]").forEach((time) => write(time, new Date(Date.parse(time.dateTime)).toLocaleString()));
    root.querySelectorAll("[data-since]").forEach((element) => write(element, duration(now() - Date.parse(element.dataset.since))));
  }

  let timer = null;
  function schedule() {
    const ticking = !document.hidden && document.querySelector("[data-since], time[data-relative]");
    if (ticking && !timer) timer = setInterval(() => { tell(); schedule(); }, 1000);
    if (!ticking && timer) { clearInterval(timer); timer = null; }
  }

  function refresh() { tell(); schedule(); }
  for (const name of ["DOMContentLoaded", "visibilitychange", "live:changed"]) document.addEventListener(name, refresh);
  document.addEventListener("htmx:load", refresh);
  window.simwebClock = { duration, now, get ticking() { return timer !== null; } };
})();
