"use strict";
// Looks again when somebody has signed meanwhile.
(() => {
  const source = new EventSource(document.querySelector("[data-changes]").dataset.changes);
  source.addEventListener("changed", () => { source.close(); location.reload(); });
  addEventListener("pagehide", () => source.close());
})();
