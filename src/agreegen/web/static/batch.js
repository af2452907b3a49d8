"use strict";
// Shows how a run goes on, and looks again when something that was being made may be there.
(() => {
  const run = document.getElementById("run");
  if (run) {
    const bar = run.querySelector("progress");
    const told = document.getElementById("told");
    const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
    const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    const source = new EventSource(run.dataset.events);
    source.addEventListener("message", (event) => {
      const values = JSON.parse(event.data);
      bar.max = values.rows || 1;
      bar.value = values.done;
      const parts = [fill(run.dataset.progress, values), fill(run.dataset.rate, values)];
      if (values.left_s !== null) {
        parts.push(fill(run.dataset.left, { left: clock(values.left_s) }));
      }
      told.textContent = parts.join(" · ");
    });
    source.addEventListener("end", () => { source.close(); location.reload(); });
  }
  if (document.querySelector("[data-reload]")) {
    setTimeout(() => location.reload(), 2500);
  }
})();
